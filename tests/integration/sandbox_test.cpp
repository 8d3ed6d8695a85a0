// SPDX-License-Identifier: MIT
// --sandbox: what the threads of a tunnel may still do while traffic crosses, what becomes of one
// that does more, what a host that refuses a part of it gets, and that commands of `exec` keep
// what the user has.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/refused_calls.hpp"
#include "support/thread_status.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Status = ThreadStatus;

constexpr const char* kNone = "0000000000000000";
constexpr const char* kNetAdmin = "0000000000001000";

void expect_capabilities(const Status& thread, const std::string& expected) {
  SCOPED_TRACE(thread.at("Name"));
  for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) EXPECT_EQ(thread.at(set), expected) << set;
  for (const char* set : {"CapInh", "CapAmb"}) EXPECT_EQ(thread.at(set), kNone) << set;
  EXPECT_EQ(thread.at("NoNewPrivs"), "1");
}

Status process_status(pid_t pid) {
  return read_status(fmt::format("/proc/{}/status", pid));
}

std::string ipc_namespace_of(const std::string& process) {
  return std::filesystem::read_symlink("/proc/" + process + "/ns/ipc").string();
}

class SandboxedTunnelTest : public UnchangedNetwork {};

TEST_F(SandboxedTunnelTest, NoThreadHasRightsWhileTrafficCrosses) {
  for (const char* engine : {"uring", "syscall"}) {
    TunnelProcess tunnel(
        fmt::format("--queues 2 --engine {} --trace --record /run/r.jsonl --capture /run/c.pcapng "
                    "--capture-rotate-size 1M --mahimahi-log /run/m --path-check-interval 1s "
                    "--sandbox strict",
                    engine));
    ASSERT_TRUE(tunnel.wait_until_ready());
    BackgroundProcess ping(split("ping -q -i 0.002 192.168.13.2"));
    std::map<std::string, int> seen;
    for (const Status& thread : threads_of(tunnel.process().pid())) {
      expect_capabilities(thread, kNone);
      const std::string& name = thread.at("Name");
      const bool is_relay = name.starts_with("relay-");
      const bool has_a_list =
          is_relay || name == "trace" || name == "recorder" || name == "mahimahi-log";
      EXPECT_EQ(thread.at("Seccomp"), has_a_list ? "2" : "0") << name;
      ++seen[is_relay ? "relay" : name];
    }
    EXPECT_EQ(seen["relay"], 2);
    for (const char* name : {"trace", "recorder", "mahimahi-log", "capture", "path-watch"})
      EXPECT_EQ(seen[name], 1) << name;
    EXPECT_EQ(run(split("ping -q -c 20 -i 0.002 192.168.13.2")).exit_code, 0);
    const nlohmann::json counters = tunnel.counters();
    const nlohmann::json& sandbox = counters.at("sandbox");
    EXPECT_EQ(sandbox.at("process_capabilities"), nlohmann::json::array());
    EXPECT_EQ(sandbox.at("helper_capabilities"), nlohmann::json::array({"cap_net_admin"}));
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

TEST_F(SandboxedTunnelTest, TheHelperAloneHasTheRightToChangeTheNetwork) {
  const std::map<std::string, std::string> cases{
      {"policy", kNetAdmin}, {"classic", kNetAdmin}, {"namespaces", "0000000000201000"}};
  for (const auto& [strategy, capabilities] : cases) {
    TunnelProcess tunnel("--sandbox strict --strategy " + strategy);
    ASSERT_TRUE(tunnel.wait_until_ready());
    for (const Status& thread : threads_of(tunnel.process().pid()))
      expect_capabilities(thread, kNone);
    const auto processes = tunnel.janitors();
    EXPECT_EQ(processes.size(), 2U);
    for (const pid_t pid : processes) expect_capabilities(process_status(pid), capabilities);
    const nlohmann::json sandbox = tunnel.counters().at("sandbox");
    EXPECT_EQ(sandbox.at("writable"), nlohmann::json::array());
    EXPECT_EQ(tunnel.stop().exit_code, 0);
    EXPECT_TRUE(restored_within(milliseconds{0}, before_)) << strategy;
  }
}

TEST_F(SandboxedTunnelTest, FilesOfOthersAreTheOnlyReasonToKeepRights) {
  ASSERT_TRUE(run(split("install -d -m 755 -o 65534 /run/others")).succeeded());
  TunnelProcess tunnel("--capture /run/others/c.pcapng --capture-rotate-size 1M");
  ASSERT_TRUE(tunnel.wait_until_ready());
  const nlohmann::json kept = tunnel.counters().at("sandbox").at("process_capabilities");
  EXPECT_EQ(kept, nlohmann::json::array({"cap_dac_override", "cap_chown", "cap_fowner"}));
  EXPECT_EQ(tunnel.stop().exit_code, 0);
}

TEST_F(SandboxedTunnelTest, WithItsRightsGivenUpATunnelStillRepairsAndRestores) {
  for (const std::string strategy : kStrategies) {
    TunnelProcess tunnel("--sandbox strict --strategy " + strategy);
    ASSERT_TRUE(tunnel.wait_until_ready()) << strategy;
    const std::string ip = strategy == "namespaces" ? "ip -n tunrelay-a" : "ip";
    ASSERT_TRUE(run(split(ip + " link set tun0 down")).succeeded());
    ASSERT_TRUE(run(split(ip + " link set tun0 up")).succeeded());
    EXPECT_TRUE(tunnel.wait_for_event("repaired", "", kPatience)) << strategy;
    const std::string where = strategy == "namespaces" ? "ip netns exec tunrelay-a " : "";
    EXPECT_TRUE(run(split(where + "ping -q -c 5 -i 0.002 -W 2 192.168.13.2")).succeeded());
    EXPECT_TRUE(tunnel.counters().at("path").at("proven").get<bool>()) << strategy;
    // A janitor that was killed is followed by another, which needs rights of its own.
    ASSERT_TRUE(tunnel.janitor());
    ::kill(*tunnel.janitor(), SIGKILL);
    EXPECT_TRUE(tunnel.wait_for_event("repaired", "another is at work", kPatience)) << strategy;
    tunnel.kill();
    EXPECT_TRUE(restored_within(kPatience, before_)) << strategy;
  }
}

TEST_F(SandboxedTunnelTest, TheProcessOfExecHasNoRightsEitherAndItsHelperFew) {
  BackgroundProcess exec(
      {program(), "exec", "-q", "--sandbox", "strict", "--", "sh", "-c", "echo ready; sleep 5"});
  ASSERT_TRUE(exec.wait_for_line("ready", milliseconds{20'000}));
  std::size_t threads = 0;
  for (const Status& thread : threads_of(exec.pid())) {
    expect_capabilities(thread, kNone);
    ++threads;
  }
  EXPECT_GE(threads, 3U) << "main, relay-0, path-watch";
  const std::string janitor =
      output_of({"sh", "-ec", fmt::format("pgrep -P {} tunrelay-janito", exec.pid())});
  // Who lives in its network is found by CAP_SYS_PTRACE, and ended by CAP_KILL.
  expect_capabilities(process_status(std::stoi(janitor)), "0000000000081020");
  exec.send_signal(SIGTERM);
  exec.wait();
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

TEST_F(SandboxedTunnelTest, TheProcessHasAnIpcNamespaceOfItsOwnWhereItMay) {
  const auto has_own = [](const std::string& flags) {
    TunnelProcess tunnel(flags);
    EXPECT_TRUE(tunnel.wait_until_ready());
    const pid_t pid = tunnel.process().pid();
    const bool is_own = ipc_namespace_of(std::to_string(pid)) != ipc_namespace_of("self");
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid)))
      EXPECT_EQ(std::filesystem::read_symlink(task.path() / "ns/ipc").string(),
                ipc_namespace_of(std::to_string(pid)));
    const nlohmann::json sandbox = tunnel.last_event("ready").at("sandbox");
    EXPECT_EQ(sandbox.at("own_namespaces").empty(), !is_own) << sandbox;
    EXPECT_EQ(tunnel.stop().exit_code, 0);
    return is_own;
  };
  EXPECT_TRUE(has_own("--sandbox strict"));
  EXPECT_FALSE(has_own("--sandbox off"));
  // A library of the user's may have queues and memory of System V.
  EXPECT_FALSE(has_own("--stage " TUNRELAY_TEST_STAGES "/libfit.so"));
  run_without({{__NR_unshare, EPERM}}, [&] {
    EXPECT_FALSE(has_own("--sandbox strict"));
    const ProcessResult result =
        run_shell(fmt::format("timeout -s INT 2 {} run --sandbox strict; true", program()));
    EXPECT_THAT(result.standard_output, HasSubstr("shares an IPC namespace (Operation not"));
  });
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
  EXPECT_EQ(output_of(split(program() + " exec -q readlink /proc/self/ns/ipc")),
            ipc_namespace_of("self") + "\n");
}

}  // namespace
}  // namespace tunrelay::test
