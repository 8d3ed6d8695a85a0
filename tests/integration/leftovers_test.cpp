// SPDX-License-Identifier: MIT
// What `tunrelay exec` and `tunrelay routes` leave behind: nothing, and just what was requested.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>

#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// The processes in the network namespace NETNS, a link's text as /proc/PID/ns/net gives it.
std::size_t processes_in(const std::string& netns) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::error_code gone;  // no process, or one that has just ended
    if (std::filesystem::read_symlink(entry.path() / "ns/net", gone) == netns) ++count;
  }
  return count;
}

/// The two directories may stay there; nothing is in them.
std::size_t files_under_run() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("/run"))
    if (!entry.is_directory()) ++count;
  return count;
}

class ExecTest : public UnchangedNetwork {
 protected:
  /// Runs SCRIPT in `tunrelay exec`; nothing of it may stay, and it has printed its namespace.
  void expect_nothing_left(const std::string& flags, const std::string& script, int exit_code) {
    Command command = split(program() + " exec -q " + flags + " -- sh -c");
    command.push_back("readlink /proc/self/ns/net; " + script);
    const ProcessResult result = run(command);
    EXPECT_EQ(result.exit_code, exit_code) << result.describe();
    const std::string netns = result.standard_output.substr(0, result.standard_output.find('\n'));
    ASSERT_THAT(netns, HasSubstr("net:["));
    EXPECT_TRUE(eventually(kPatience, [&] { return processes_in(netns) == 0; })) << netns;
    EXPECT_EQ(files_under_run(), 0U);
    EXPECT_TRUE(same_network_state(before_, network_state()));
  }
};

TEST_F(ExecTest, LeavesNothing) {
  for (const char* strategy : kStrategies)
    expect_nothing_left(std::string("--strategy ") + strategy, "exit 7", 7);
}

TEST_F(ExecTest, EndsWhatItsCommandHasLeftRunning) {
  expect_nothing_left("", "sleep 1000 & setsid sleep 1000 & exit 0", 0);
}

TEST_F(ExecTest, ReturnsTheSignalThatEndedItsCommand) {
  expect_nothing_left("", "kill -KILL $$", 128 + SIGKILL);
}

TEST_F(ExecTest, LeavesNothingWhenItIsKilled) {
  // It speaks when it has left its session: then nothing but the janitor can end it.
  BackgroundProcess exec({program(), "exec", "-q", "--", "sh", "-c",
                          ("setsid sh -c 'readlink /proc/self/ns/net; exec sleep 1000' & "
                           "sleep 1000")});
  const auto netns = exec.wait_for_line("net:[", milliseconds{20'000});
  ASSERT_TRUE(netns) << exec.wait().describe();
  EXPECT_GE(processes_in(*netns), 3U) << "the tunnel, the two sleepers";
  exec.send_signal(SIGKILL);
  EXPECT_EQ(exec.wait().signal, SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [&] { return processes_in(*netns) == 0; }));
  EXPECT_EQ(files_under_run(), 0U);
  EXPECT_TRUE(same_network_state(before_, network_state()));
}

TEST_F(ExecTest, CleanupTakesSocketsThatNobodyListensAt) {
  TunnelProcess living;
  ASSERT_TRUE(living.wait_until_ready());
  const std::string dead = "/run/tunrelay/tun8-tun9.1.sock";
  output_of({"python3", "-c", "import socket; socket.socket(socket.AF_UNIX).bind('" + dead + "')"});
  const std::size_t before = files_under_run();
  const ProcessResult result = run({program(), "cleanup"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr("removed   " + dead));
  EXPECT_EQ(files_under_run(), before - 1);
  EXPECT_TRUE(run({program(), "link", "show"}).succeeded());
}

TEST_F(ExecTest, CleanupTakesTheJournalOfANetworkThatIsGone) {
  const ProcessResult killed = run_shell(
      "unshare -n sh -c 'ip link set lo up\n" + program() +
      " run > /run/output & T=$!\n"
      "until grep -q ready /run/output; do sleep 0.05; done\n"
      "kill -STOP $T; S=$(pgrep -P $T tunrelay-janito)\n"
      "while pgrep -r DIRS -s $S; do pkill -KILL -s $S; done >/run/output  # and its helper\n"
      "kill -KILL $T; wait $T || true'\n"
      "rm /run/output; ls /run/tunrelay");
  ASSERT_THAT(killed.standard_output, HasSubstr(".journal")) << killed.describe();
  const ProcessResult result = run({program(), "cleanup"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr("outdated  "));
  EXPECT_EQ(files_under_run(), 0U);
}

/// Two devices for some other program to join.
class RoutesTest : public UnchangedNetwork {
 protected:
  void SetUp() override {
    UnchangedNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    prepare(make_devices());
  }
  static ProcessResult routes(const std::string& arguments) {
    return run(split(program() + " routes " + arguments));
  }
};

TEST_F(RoutesTest, RemoveUndoesApply) {
  for (const char* strategy : kStrategies) {
    const std::string flags = std::string(" --strategy ") + strategy;
    const ProcessResult applied = routes("apply" + flags);
    ASSERT_EQ(applied.exit_code, 0) << applied.describe();
    EXPECT_NE(network_state(), before_);
    const ProcessResult removed = routes("remove" + flags);
    EXPECT_EQ(removed.exit_code, 0) << removed.describe();
    EXPECT_TRUE(restored_within(milliseconds{0}, before_)) << strategy;
  }
  EXPECT_EQ(routes("remove").standard_output, "nothing to undo\n");
}

TEST_F(RoutesTest, ApplyLastsUntilCleanupUndoesIt) {
  ASSERT_EQ(routes("apply").exit_code, 0);
  const std::string applied = network_state();
  const ProcessResult cleanup = run({program(), "cleanup"});
  EXPECT_EQ(cleanup.exit_code, 0) << cleanup.describe();
  EXPECT_THAT(cleanup.standard_output, HasSubstr("left "));
  EXPECT_TRUE(same_network_state(applied, network_state()));
  const ProcessResult persistent = run({program(), "cleanup", "--persistent"});
  EXPECT_EQ(persistent.exit_code, 0) << persistent.describe();
  EXPECT_THAT(persistent.standard_output, HasSubstr("restored  tun0-tun1"));
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(RoutesTest, ApplyLastsThroughAnotherTunnel) {
  ASSERT_EQ(routes("apply").exit_code, 0);
  const std::string applied = network_state();
  TunnelProcess tunnel(
      "--device-a other0 --device-b other1 --address-a 192.168.14.1/24 "
      "--address-b 192.168.14.2/24");
  ASSERT_TRUE(tunnel.wait_until_ready());
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_TRUE(same_network_state(applied, network_state()));
  EXPECT_EQ(routes("remove").exit_code, 0);
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(RoutesTest, ASecondApplyIsRefusedAndChangesNothing) {
  ASSERT_EQ(routes("apply").exit_code, 0);
  const std::string applied = network_state();
  const ProcessResult second = routes("apply");
  EXPECT_EQ(second.exit_code, 3) << second.describe();
  EXPECT_THAT(second.standard_error, HasSubstr("tun0-tun1"));
  EXPECT_TRUE(same_network_state(applied, network_state()));
  EXPECT_EQ(routes("remove").exit_code, 0);
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(RoutesTest, RemoveNeedsNoDevices) {
  const std::string delete_both =
      "for n in 0 1; do ip link del tun$n 2>/dev/null || ip -n tunrelay-a link del tun$n "
      "2>/dev/null || ip -n tunrelay-b link del tun$n; done";
  const std::string add_both = "for n in 0 1; do ip tuntap add tun$n mode tun multi_queue; done";
  prepare(delete_both);
  const std::string without_devices = before_;
  for (const char* strategy : kStrategies) {
    prepare(add_both);
    ASSERT_EQ(routes(std::string("apply --strategy ") + strategy).exit_code, 0);
    prepare(delete_both);
    const ProcessResult removed = routes("remove");
    EXPECT_EQ(removed.exit_code, 0) << removed.describe();
    EXPECT_TRUE(restored_within(milliseconds{0}, without_devices)) << strategy;
  }
}

}  // namespace
}  // namespace tunrelay::test
