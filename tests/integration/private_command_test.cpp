// SPDX-License-Identifier: MIT
// What `tunrelay exec` starts ends with it, whoever started it and however it hides; and the
// command finds what it would find elsewhere.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "os/text_file.hpp"
#include "support/skip.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Living processes whose command line is just TEXT, with NULs for blanks.
std::size_t processes_running(const std::string& text) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    if (read_text_file(entry.path() / "cmdline").value_or("") == text) ++count;
  return count;
}

/// `sleep SECONDS`; no other test has that number.
std::size_t sleepers(int seconds) {
  using std::string_literals::operator""s;
  return processes_running("sleep\0"s + std::to_string(seconds) + '\0');
}

constexpr const char* kOrdinaryUser = "setpriv --reuid=65534 --regid=65534 --clear-groups ";

class PrivateCommand : public UnchangedNetwork {
 protected:
  /// USER: a program that becomes the user who runs `tunrelay exec`; empty: root.
  explicit PrivateCommand(std::string user) : user_(std::move(user)) {}

  void SetUp() override {
    UnchangedNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // What an ordinary user may run and open; /run is this test's own.
    prepare("cp " + program() +
            " /run/t; chmod 755 /run/t\n"
            "mknod -m 666 /run/tun c 10 200; mount --bind /run/tun /dev/net/tun");
    if (!user_.empty() && !run_shell(user_ + "unshare -Ur true").succeeded())
      skip_or_fail("this host lets no ordinary user make a user namespace");
  }

  [[nodiscard]] Command exec(const std::string& script) const {
    Command command = split(user_ + "/run/t exec --json -- sh -c");
    command.push_back(script);
    return command;
  }
  /// Starts SCRIPT, which starts COUNT sleepers of SECONDS, kills the tunnel, and looks for what is
  /// left. Returns what the tunnel said.
  std::string expect_all_killed(const std::string& script, std::size_t count, int seconds) const {
    BackgroundProcess tunnel(exec(script + "\nwhile :; do sleep 1; done"));
    EXPECT_TRUE(eventually(milliseconds{20'000}, [&] { return sleepers(seconds) == count; }))
        << sleepers(seconds) << " run; " << tunnel.standard_error();
    tunnel.send_signal(SIGKILL);
    EXPECT_EQ(tunnel.wait().signal, SIGKILL);
    EXPECT_TRUE(eventually(kPatience, [&] { return sleepers(seconds) == 0; }))
        << sleepers(seconds) << " are left";
    return tunnel.standard_error();
  }

  std::string user_;
};

class PrivateCommandTest : public PrivateCommand,
                           public ::testing::WithParamInterface<const char*> {
 protected:
  PrivateCommandTest() : PrivateCommand(GetParam()) {}
};

TEST_P(PrivateCommandTest, NoDescendantOutlivesAKilledTunnel) {
  expect_all_killed(
      "sleep 100001 & setsid sleep 100001 & unshare -n sleep 100001 &\n"
      "(setsid unshare -n sleep 100001 &)",
      4, 100'001);
}

TEST_P(PrivateCommandTest, NoDescendantOutlivesItsCommand) {
  const ProcessResult result =
      run(exec("setsid unshare -n sleep 100003 & (setsid sleep 100003 &); exit 7"));
  EXPECT_EQ(result.exit_code, 7) << result.describe();
  EXPECT_EQ(sleepers(100'003), 0U);
}

TEST_P(PrivateCommandTest, FindsItsProcessesInProc) {
  const std::string seen =
      output_of(exec("readlink /proc/self/ns/pid /proc/1/ns/pid; cat /proc/1/comm; "
                     "test -d /proc/$$ && readlink /proc/self/exe; ls /proc/self/fd | wc -l"));
  const std::string first = seen.substr(0, seen.find('\n'));
  EXPECT_THAT(seen, StartsWith(first + "\n" + first + "\ntunrelay-init\n"));
  EXPECT_NE(first, std::filesystem::read_symlink("/proc/self/ns/pid").string());
  EXPECT_THAT(seen, HasSubstr("/readlink\n"));
}

TEST_P(PrivateCommandTest, GetsEachSignalOnceAndMayHandleIt) {
  BackgroundProcess tunnel(
      exec("trap 'echo term' TERM; trap 'echo hup; exit 5' HUP; echo ready; "
           "while :; do sleep 0.05; done"));
  ASSERT_TRUE(tunnel.wait_for_line("ready", milliseconds{20'000}));
  tunnel.send_signal(SIGTERM);
  ASSERT_TRUE(tunnel.wait_for_line("term", kPatience));
  tunnel.send_signal(SIGHUP);
  const ProcessResult result = tunnel.wait();
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_EQ(result.standard_output, "ready\nterm\nhup\n");
}

TEST_P(PrivateCommandTest, ShellsHaveJobControlAndGiveTheTerminalBack) {
  // Two shells with job control on one terminal; the outer must be able to read again.
  const ProcessResult result = run_shell(
      "cat > /run/session << 'END'\n" + user_ +
      "/run/t exec -q -- bash -ic 'sleep 0.1 & fg; set -o | grep monitor; exit 6'\n"
      "echo code $?\nread -t 5 line && echo \"read $line\"\nEND\n"
      "chmod 755 /run/session\n"
      "(sleep 4; echo hello) | timeout 60 script -qec 'sh -c \"bash /run/session\"' /dev/null");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr("code 6"));
  EXPECT_THAT(result.standard_output, ::testing::ContainsRegex("monitor +.?on"));
  EXPECT_THAT(result.standard_output, HasSubstr("read hello"));
  EXPECT_THAT(result.standard_output, ::testing::Not(HasSubstr("no job control")));
}

/// As in a container: parts of /proc are hidden, and so an ordinary user may mount no other.
class MaskedProcTest : public PrivateCommand {
 protected:
  MaskedProcTest() : PrivateCommand(kOrdinaryUser) {}
  void SetUp() override {
    PrivateCommand::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) prepare("mount --bind /dev/null /proc/version");
  }
};

TEST_F(MaskedProcTest, TheJanitorKillsAllInTheUserNamespace) {
  const std::string said = expect_all_killed(
      "sleep 100002 & setsid sleep 100002 & (setsid unshare -n sleep 100002 &)", 3, 100'002);
  EXPECT_THAT(said, HasSubstr("The command has no PID namespace of its own: can't mount a /proc"));
}

TEST_F(MaskedProcTest, TheCommandRunsAsElsewhere) {
  const ProcessResult result = run(exec("setsid sleep 100004 & echo $$; exit 7"));
  EXPECT_EQ(result.exit_code, 7) << result.describe();
  EXPECT_GT(std::stoi(result.standard_output), 2);
  EXPECT_EQ(sleepers(100'004), 0U);
}

INSTANTIATE_TEST_SUITE_P(Users, PrivateCommandTest, ::testing::Values("", kOrdinaryUser),
                         [](const auto& user) {
                           return *user.param == '\0' ? "Root" : "Ordinary";
                         });

}  // namespace
}  // namespace tunrelay::test
