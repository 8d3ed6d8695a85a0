// SPDX-License-Identifier: MIT
// --user: a tunnel whose process is an ordinary user's once it is set up does all that one of
// root's does, and the command of `exec` stays the caller's.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "os/wait_until.hpp"
#include "support/process.hpp"
#include "support/refused_calls.hpp"
#include "support/thread_status.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A number that no user has: what is said of it can't have come about by chance.
constexpr const char* kUser = "--user 61234:61235 ";
constexpr const char* kNoCapabilities = "0000000000000000";

/// All threads of the process, but for those of NAMES that it has to have.
void expect_all_are_the_users(pid_t pid, const std::vector<std::string>& names) {
  const auto names_of = [](const std::vector<ThreadStatus>& threads) {
    std::vector<std::string> found;
    for (const ThreadStatus& thread : threads) found.push_back(thread.at("Name"));
    return found;
  };
  // A thread that has just been started, on a busy machine, has neither its name nor its user yet.
  std::vector<ThreadStatus> threads;
  const auto has_all = [&] {
    threads = threads_of(pid);
    const std::vector<std::string> found = names_of(threads);
    return std::ranges::all_of(threads,
                               [](const ThreadStatus& thread) {
                                 return thread.at("Uid").starts_with("61234") &&
                                        thread.at("CapPrm") == kNoCapabilities;
                               }) &&
           std::ranges::all_of(names, [&](const std::string& name) {
             return std::ranges::count(found, name) != 0;
           });
  };
  static_cast<void>(
      wait_until(has_all, 5 * kNanosecondsPerSecond, 10 * kNanosecondsPerMillisecond));
  for (const ThreadStatus& thread : threads) {
    SCOPED_TRACE(thread.at("Name"));
    EXPECT_EQ(thread.at("Uid"), "61234\t61234\t61234\t61234");
    EXPECT_EQ(thread.at("Gid"), "61235\t61235\t61235\t61235");
    EXPECT_THAT(thread.at("Groups"), StartsWith("61235"));
    for (const char* set : {"CapPrm", "CapEff", "CapInh", "CapAmb"})
      EXPECT_EQ(thread.at(set), kNoCapabilities) << set;
  }
  for (const std::string& name : names) EXPECT_THAT(names_of(threads), Contains(name));
}

/// Sockets that stand where relays of root's have theirs.
std::vector<std::string> sockets_left() {
  std::vector<std::string> sockets;
  for (const auto& path : tunnel_process::journals())
    if (path.extension() == ".sock") sockets.push_back(path.string());
  return sockets;
}

std::size_t sleepers_of(int seconds) {
  const ProcessResult found = run({"pgrep", "-xcf", fmt::format("sleep {}", seconds)});
  return std::stoul(found.standard_output);
}

class UserTest : public UnchangedNetwork {
 protected:
  void SetUp() override {
    UnchangedNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    prepare("install -d -m 755 -o 61234 /run/theirs; install -d -m 700 /run/roots");
  }
};

TEST_F(UserTest, AllThreadsAreTheUsersAndTheTunnelDoesAllThatItDid) {
  for (const char* strategy : kStrategies) {
    TunnelProcess tunnel(fmt::format(
        "{} --strategy {} --trace --record /run/theirs/r.jsonl --capture /run/roots/c.pcapng "
        "--mahimahi-log /run/roots/m --html /run/theirs/page.html --metrics unix:/run/m.sock "
        "--path-check-interval 1s --sandbox strict",
        kUser, strategy));
    ASSERT_TRUE(tunnel.wait_until_ready());
    expect_all_are_the_users(tunnel.process().pid(), {"tunrelay", "relay-0", "trace", "capture",
                                                      "mahimahi-log", "recorder", "path-watch"});
    EXPECT_THAT(sockets_left(), SizeIs(1));
    EXPECT_TRUE(run_shell(program() + " link set --a-to-b 'delay 1ms'").succeeded());
    const std::string ip = std::string(strategy) == "namespaces" ? "ip -n tunrelay-a" : "ip";
    ASSERT_TRUE(run(split(ip + " link set tun0 down")).succeeded());
    ASSERT_TRUE(run(split(ip + " link set tun0 up")).succeeded());
    EXPECT_TRUE(tunnel.wait_for_event("repaired", "", kPatience)) << strategy;
    const ProcessResult result = tunnel.stop();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_TRUE(restored_within(milliseconds{0}, before_)) << strategy;
    EXPECT_THAT(sockets_left(), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists("/run/m.sock"));
    const nlohmann::json user = tunnel.last_event("summary").at("sandbox").at("user");
    EXPECT_EQ(user, (nlohmann::json{{"name", "61234:61235"}, {"uid", 61234}, {"gid", 61235}}));
    for (const char* file : {"theirs/page.html", "theirs/r.jsonl", "roots/c.pcapng"})
      EXPECT_GT(std::filesystem::file_size(std::string("/run/") + file), 200U) << file;
    EXPECT_THAT(output_of({"tail", "-n1", "/run/theirs/r.jsonl"}), HasSubstr("\"end\""));
  }
}

TEST_F(UserTest, WhatAClientHasOpenedIsWrittenThoughTheUserMayNot) {
  TunnelProcess tunnel(kUser);
  ASSERT_TRUE(tunnel.wait_until_ready());
  BackgroundProcess capture(split(program() + " capture /run/roots/c.pcapng"));
  BackgroundProcess record(split(program() + " record /run/roots/r.jsonl"));
  const auto bytes_of = [](const char* path) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path, none);
    return none ? 0 : size;
  };
  ASSERT_TRUE(capture.wait_for_line("tunrelay: capturing", milliseconds{10'000}));
  EXPECT_TRUE(eventually(kPatience, [&] { return bytes_of("/run/roots/r.jsonl") > 200; }));
  static_cast<void>(run(split("ping -q -c 20 -i 0.002 192.168.13.2")));
  capture.send_signal(SIGINT);
  record.send_signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0) << capture.wait().describe();
  EXPECT_EQ(record.wait().exit_code, 0) << record.wait().describe();
  EXPECT_GT(bytes_of("/run/roots/c.pcapng"), 1'000U);
  EXPECT_EQ(tunnel.stop().exit_code, 0);
}

TEST_F(UserTest, AKilledOneIsRestoredAndItsSocketRemoved) {
  for (const char* strategy : kStrategies) {
    TunnelProcess tunnel(fmt::format("{} --strategy {}", kUser, strategy));
    ASSERT_TRUE(tunnel.wait_until_ready());
    tunnel.kill();
    EXPECT_TRUE(restored_within(kPatience, before_)) << strategy;
    EXPECT_TRUE(eventually(kPatience, [] { return sockets_left().empty(); }));
  }
}

TEST_F(UserTest, ALinksFileIsReadAgainWhereTheUserMay) {
  std::ofstream("/run/theirs/link.toml") << "a-to-b = \"delay 1ms\"\n";
  TunnelProcess tunnel(std::string(kUser) + "--link /run/theirs/link.toml");
  ASSERT_TRUE(tunnel.wait_until_ready());
  std::ofstream("/run/theirs/link.toml") << "a-to-b = \"delay 5ms\"\n";
  tunnel.process().send_signal(SIGUSR2);
  EXPECT_TRUE(eventually(kPatience, [] {
    return run(split(program() + " link show")).standard_output.find("delay 5ms") !=
           std::string::npos;
  }));
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  // Whoever starts it may read this one, the user may not.
  ASSERT_TRUE(run_shell("install -m 600 /run/theirs/link.toml /run/roots/link.toml").succeeded());
  const ProcessResult refused =
      run(split(program() + " run " + kUser + "--link /run/roots/link.toml"));
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_THAT(refused.standard_error, HasSubstr("could not read /run/roots/link.toml"));
}

TEST_F(UserTest, NeitherAStageOfTheUsersNorSandboxOffLeavesAThreadToRoot) {
  for (const char* flags : {"--stage " TUNRELAY_TEST_STAGES "/libfit.so", "--sandbox off",
                            "--capture /run/theirs/c.pcapng --capture-rotate-size 1M"}) {
    TunnelProcess tunnel(std::string(kUser) + flags);
    ASSERT_TRUE(tunnel.wait_until_ready()) << flags;
    expect_all_are_the_users(tunnel.process().pid(), {"tunrelay", "relay-0", "path-watch"});
    EXPECT_EQ(tunnel.stop().exit_code, 0);
    EXPECT_TRUE(restored_within(milliseconds{0}, before_)) << flags;
  }
}

TEST_F(UserTest, TheCommandOfExecStaysTheCallersAndTheSummaryIsWritten) {
  const ProcessResult result = run({program(), "exec", "--user", "61234:61235", "--summary-file",
                                    "/run/theirs/s.json", "--html", "/run/theirs/page.html", "-q",
                                    "--", "sh", "-c", "id -u; readlink /proc/self/ns/ipc; exit 7"});
  EXPECT_EQ(result.exit_code, 7) << result.describe();
  EXPECT_EQ(result.standard_output,
            fmt::format("0\n{}", output_of(split("readlink /proc/self/ns/ipc"))));
  std::ifstream file("/run/theirs/s.json");
  const nlohmann::json sandbox = nlohmann::json::parse(file).at("sandbox");
  EXPECT_EQ(sandbox.at("user").at("uid"), 61234);
  EXPECT_EQ(sandbox.at("own_namespaces"), nlohmann::json::array({"mount", "ipc"}));
  EXPECT_GT(std::filesystem::file_size("/run/theirs/page.html"), 1'000U);
}

TEST_F(UserTest, TheCommandOfExecIsReachedBySignalsAndEndsWithTheTunnel) {
  {
    BackgroundProcess exec({program(), "exec", "--user", "61234:61235", "-q", "--", "sh", "-c",
                            "trap 'echo caught; exit 9' TERM; echo ready; "
                            "while :; do sleep 0.05; done"});
    ASSERT_TRUE(exec.wait_for_line("ready", milliseconds{20'000}));
    expect_all_are_the_users(exec.pid(), {"tunrelay", "relay-0", "path-watch"});
    exec.send_signal(SIGTERM);
    const ProcessResult result = exec.wait();
    EXPECT_EQ(result.exit_code, 9) << result.describe();
    EXPECT_THAT(result.standard_output, HasSubstr("caught"));
  }
  BackgroundProcess exec(split(program() + " exec --user 61234:61235 -q sleep 8123"));
  ASSERT_TRUE(eventually(milliseconds{20'000}, [] { return sleepers_of(8123) == 1; }));
  // Not the janitor's doing: it is stopped.
  const std::string janitor =
      output_of({"sh", "-ec", fmt::format("pgrep -P {} tunrelay-janito", exec.pid())});
  ASSERT_TRUE(run_shell("pkill -STOP -s " + janitor).succeeded());
  exec.send_signal(SIGKILL);
  EXPECT_EQ(exec.wait().signal, SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [] { return sleepers_of(8123) == 0; }));
  static_cast<void>(run_shell("pkill -CONT -s " + janitor));
}

TEST_F(UserTest, WhoCantBeOrMayNotIsRefusedAndNothingIsChanged) {
  const struct {
    const char* flags;
    int exit_code;
    const char* said;
  } cases[] = {
      {"--user nosuchuser", 2, "'nosuchuser'"},
      {"--user 61234", 2, "61234:GID"},
      {"--user root:nosuchgroup", 2, "'nosuchgroup'"},
      {"--user 61234:61235 --html /run/roots/page.html", 3, "/run/roots/page.html"},
      {"--user 61234:61235 --capture /run/roots/c --capture-rotate-size 1M", 3, "/run/roots/c"},
  };
  for (const auto& one : cases) {
    const ProcessResult result = run(split(program() + " run " + one.flags));
    EXPECT_EQ(result.exit_code, one.exit_code) << result.describe();
    EXPECT_THAT(result.standard_error, AllOf(HasSubstr(one.said), HasSubstr("hint: ")));
  }
  // A record that the user may not read can't become a page at the end.
  const ProcessResult page = run_shell(
      "umask 077; " + program() +
      " run --user 61234:61235 --record /run/r.jsonl --html /run/theirs/page.html || exit $?");
  EXPECT_EQ(page.exit_code, 3) << page.describe();
  EXPECT_THAT(page.standard_error, HasSubstr("/run/r.jsonl"));
  const std::string ordinary = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
  const ProcessResult refused = run(split(ordinary + program() + " run --user 61234:61235"));
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_THAT(refused.standard_error, HasSubstr("only root"));
  const ProcessResult own = run(split(ordinary + program() + " run --user 65534:65534 --dry-run"));
  EXPECT_EQ(own.exit_code, 0) << own.describe();
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(UserTest, ACommandThatWouldBeTheProcesssOwnChildIsNotMadeAnothers) {
  run_without({{__NR_clone3, ENOSYS}}, [] {
    const ProcessResult result = run(split(program() + " exec --user 61234:61235 -- echo ran"));
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_EQ(result.standard_output, "");
    EXPECT_THAT(result.standard_error, HasSubstr("starts programs itself"));
  });
}

}  // namespace
}  // namespace tunrelay::test
