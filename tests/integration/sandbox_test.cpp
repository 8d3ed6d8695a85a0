// SPDX-License-Identifier: MIT
// --sandbox: what the threads of a tunnel may still do while traffic crosses, what becomes of one
// that does more, what a host that refuses a part of it gets, and that commands of `exec` keep
// what the user has.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/refused_calls.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Status = std::map<std::string, std::string>;

Status read_status(const std::filesystem::path& path) {
  Status status;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(":\t");
    if (colon != std::string::npos) status[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return status;
}

std::vector<Status> threads_of(pid_t pid) {
  std::vector<Status> threads;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid)))
    threads.push_back(read_status(task.path() / "status"));
  return threads;
}

void expect_nothing_left(const Status& thread) {
  SCOPED_TRACE(thread.at("Name"));
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    EXPECT_EQ(thread.at(set), "0000000000000000") << set;
  EXPECT_EQ(thread.at("NoNewPrivs"), "1");
  EXPECT_EQ(thread.at("Seccomp"), "2");
}

class SandboxedTunnelTest : public UnchangedNetwork {};

TEST_F(SandboxedTunnelTest, RelayThreadsAndTheirNeighboursHaveNoRightsWhileTrafficCrosses) {
  for (const char* engine : {"uring", "syscall"}) {
    TunnelProcess tunnel(
        fmt::format("--queues 2 --engine {} --trace --record /run/r.jsonl "
                    "--capture /run/c.pcapng --sandbox strict",
                    engine));
    ASSERT_TRUE(tunnel.wait_until_ready());
    BackgroundProcess ping(split("ping -q -i 0.002 192.168.13.2"));
    std::size_t relay_threads = 0;
    std::size_t neighbours = 0;
    for (const Status& thread : threads_of(tunnel.process().pid())) {
      const std::string& name = thread.at("Name");
      // A thread that begins later has the bounding set of the process, and no way to use it.
      if (name.starts_with("relay-")) {
        EXPECT_EQ(thread.at("CapBnd"), "0000000000000000");
        ++relay_threads;
      } else if (name == "trace" || name == "recorder" || name == "capture")
        ++neighbours;
      else
        continue;
      expect_nothing_left(thread);
    }
    EXPECT_EQ(relay_threads, 2U);
    EXPECT_EQ(neighbours, 3U);
    // What repairs need, CAP_NET_ADMIN, is all that is left to the process.
    const Status main = read_status(fmt::format("/proc/{}/status", tunnel.process().pid()));
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"})
      EXPECT_EQ(main.at(set), "0000000000001000") << set;
    EXPECT_EQ(main.at("NoNewPrivs"), "1");
    EXPECT_EQ(run(split("ping -q -c 20 -i 0.002 192.168.13.2")).exit_code, 0);
    const nlohmann::json counters = tunnel.counters();
    EXPECT_EQ(counters.at("sandbox").at("writable"),
              (nlohmann::json{"/run/tunrelay", "/proc/sys/net", "/dev/null"}));
    for (const auto& worker : counters.at("workers")) {
      EXPECT_TRUE(worker.at("sandbox").at("no_capabilities").get<bool>());
      EXPECT_LE(worker.at("sandbox").at("system_calls").get<int>(), 25);
      EXPECT_EQ(worker.at("sandbox").at("ring_restricted"), std::string(engine) == "uring");
    }
    const ProcessResult result = tunnel.stop();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_TRUE(restored_within(milliseconds{0}, before_));
  }
}

TEST_F(SandboxedTunnelTest, WithItsRightsGivenUpATunnelStillRepairsAndRestores) {
  for (const char* strategy : kStrategies) {
    TunnelProcess tunnel(fmt::format("--sandbox strict --strategy {}", strategy));
    ASSERT_TRUE(tunnel.wait_until_ready()) << strategy;
    if (std::string(strategy) != "namespaces") {
      ASSERT_TRUE(run(split("ip link set tun0 down")).succeeded());
      ASSERT_TRUE(run(split("ip link set tun0 up")).succeeded());
      EXPECT_TRUE(tunnel.wait_for_event("repaired", "", kPatience)) << strategy;
      EXPECT_TRUE(run(split("ping -q -c 5 -i 0.002 -W 2 192.168.13.2")).succeeded());
    }
    // A janitor that was killed is followed by another, which needs rights of its own.
    ASSERT_TRUE(tunnel.janitor());
    ::kill(*tunnel.janitor(), SIGKILL);
    EXPECT_TRUE(tunnel.wait_for_event("repaired", "Another janitor", kPatience)) << strategy;
    // What it is called says that it has left our process group, which is killed with the tunnel.
    ASSERT_TRUE(eventually(kPatience, [&tunnel] { return tunnel.janitor().has_value(); }));
    tunnel.kill();
    EXPECT_TRUE(restored_within(kPatience, before_)) << strategy;
  }
}

TEST_F(SandboxedTunnelTest, AViolationNamesTheCallEndsTheProcessAndTheHostIsRestored) {
  for (const char* call : {"openat", "socket", "execve", "ioctl", "mprotect"}) {
    TunnelProcess tunnel(
        fmt::format("--stage {}/libviolation.so,call={}", TUNRELAY_TEST_STAGES, call));
    ASSERT_TRUE(tunnel.wait_until_ready());
    static_cast<void>(run(split("ping -q -c 1 -W 1 192.168.13.2")));
    const ProcessResult result = tunnel.process().wait(kPatience);
    EXPECT_EQ(result.signal, SIGSYS) << result.describe();
    EXPECT_THAT(result.standard_error, HasSubstr(fmt::format("the system call {} (", call)));
    EXPECT_TRUE(restored_within(kPatience, before_));
  }
}

TEST_F(SandboxedTunnelTest, AStageThatDoesNotDeclareItsCallsKeepsTheRelayThreadsFree) {
  const std::string stage = " --stage " TUNRELAY_TEST_STAGES "/libfit.so ";
  const ProcessResult result =
      run(split(program() + " exec" + stage + "ping -q -c 1 192.168.13.2"));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_error,
              AllOf(HasSubstr("not confined, since the stage fit"), HasSubstr("ring restricted")));
  const ProcessResult strict = run(split(program() + " exec --sandbox strict" + stage + "true"));
  EXPECT_EQ(strict.exit_code, 3) << strict.describe();
  EXPECT_THAT(strict.standard_error, HasSubstr("the stage fit"));
}

TEST_F(SandboxedTunnelTest, WhatTheHostRefusesIsNamedAndStrictRefusesToStart) {
  const struct {
    RefusedCall refused;
    const char* said;
  } cases[] = {
      {{__NR_io_uring_register, EACCES, IORING_REGISTER_RESTRICTIONS}, "ring not restricted"},
      {{__NR_capset, EPERM}, "capabilities kept"},
  };
  for (const auto& one : cases)
    run_without({one.refused}, [&] {
      const ProcessResult result = run(split(program() + " exec --engine uring true"));
      EXPECT_EQ(result.exit_code, 0) << result.describe();
      EXPECT_THAT(result.standard_error, HasSubstr(one.said));
      const ProcessResult strict =
          run(split(program() + " exec --engine uring --sandbox strict true"));
      EXPECT_EQ(strict.exit_code, 3) << strict.describe();
      EXPECT_THAT(strict.standard_error, HasSubstr("--sandbox auto"));
    });
}

TEST_F(SandboxedTunnelTest, OffLeavesEverythingAsItIs) {
  TunnelProcess tunnel("--sandbox off");
  ASSERT_TRUE(tunnel.wait_until_ready());
  const Status own = read_status("/proc/self/status");
  for (const Status& thread : threads_of(tunnel.process().pid()))
    for (const char* line : {"CapEff", "CapBnd", "NoNewPrivs", "Seccomp"})
      EXPECT_EQ(thread.at(line), own.at(line)) << thread.at("Name") << " " << line;
  EXPECT_EQ(tunnel.counters().at("sandbox").at("policy"), "off");
}

TEST_F(SandboxedTunnelTest, TheCommandOfExecKeepsWhatTheUserHas) {
  const auto of_command = [](const std::string& launcher, const std::string& flags) {
    return run(split(launcher + flags + " grep -E ^(Cap|NoNewPrivs|Seccomp:) /proc/self/status"))
        .standard_output;
  };
  const std::string expected = of_command("env", "");
  EXPECT_THAT(expected, AllOf(HasSubstr("CapEff"), HasSubstr("NoNewPrivs:\t0")));
  for (const char* strategy : kStrategies)
    EXPECT_EQ(
        of_command(program(), fmt::format(" exec -q --sandbox strict --strategy {}", strategy)),
        expected);
}

}  // namespace
}  // namespace tunrelay::test
