// SPDX-License-Identifier: MIT
// A host that has less to offer: the tunnel works with what is there and says so, or it says why
// it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/refused_calls.hpp"
#include "support/skip.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DegradedTest : public UnchangedNetwork {
 protected:
  static void expect_crossing() {
    EXPECT_TRUE(run(split("ping -q -c 20 -i 0.002 -W 2 192.168.13.2")).succeeded());
  }
  void expect_end_in_order(TunnelProcess& tunnel) {
    const ProcessResult result = tunnel.stop();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    const nlohmann::json summary = last_event(result.standard_output, "summary");
    EXPECT_TRUE(summary.at("path").at("proven").get<bool>());
    EXPECT_TRUE(summary.at("a_to_b").at("balanced").get<bool>());
    EXPECT_TRUE(restored_within(milliseconds{0}, before_));
  }
};

TEST_F(DegradedTest, WithoutIoUringTheSyscallEngineWorksAndTheReasonIsReported) {
  for (const int error : {EPERM, ENOSYS})
    run_without({refused_io_uring(error)}, [&] {
      TunnelProcess tunnel;
      ASSERT_TRUE(tunnel.wait_until_ready());
      expect_crossing();
      const nlohmann::json counters = tunnel.counters();
      EXPECT_EQ(counters.at("engine"), "syscall");
      EXPECT_NE(counters.at("engine_reason"), "");
      expect_end_in_order(tunnel);
    });
}

TEST_F(DegradedTest, WithoutIoUringTheUringEngineIsRefused) {
  run_without({refused_io_uring(EPERM)}, [&] {
    const ProcessResult result = run({program(), "run", "--engine", "uring"});
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_THAT(result.standard_error,
                AllOf(HasSubstr("the uring engine"), HasSubstr("--engine syscall")));
  });
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

/// Features that older kernels lack, each by itself and all together.
struct LackingKernel {
  const char* name;
  std::vector<RefusedCall> refused;
  const char* engine;
  bool has_uso;
};

class LackingKernelTest : public DegradedTest,
                          public ::testing::WithParamInterface<LackingKernel> {};

TEST_P(LackingKernelTest, TunnelsCarryAllTheSame) {
  run_without(GetParam().refused, [&] {
    for (const char* flags :
         {"", "--engine syscall", "--offload off", "--queues 2", "--type tap"}) {
      SCOPED_TRACE(flags);
      TunnelProcess tunnel(flags);
      ASSERT_TRUE(tunnel.wait_until_ready());
      expect_crossing();
      // Datagrams that come in batches are those that are merged.
      const ProcessResult load =
          run(split(program() + " gen 192.168.13.1 192.168.13.2 --pps 10k -t 500ms -i 0 --size "
                                "1000 --max-slip 10s --json"));
      EXPECT_EQ(load.exit_code, 0) << load.describe();
      const nlohmann::json counters = tunnel.counters();
      const bool chosen = std::string(flags).find("--engine") == std::string::npos;
      EXPECT_EQ(counters.at("engine"), chosen ? GetParam().engine : "syscall");
      EXPECT_EQ(counters.at("merging").at("udp"), GetParam().has_uso);
      EXPECT_EQ(counters.at("a_to_b").at("dropped").value("target_refused", nlohmann::json()),
                nlohmann::json());
      expect_end_in_order(tunnel);
    }
  });
}

TEST_P(LackingKernelTest, TheDoctorNamesTheCause) {
  run_without(GetParam().refused, [&] {
    const ProcessResult doctor = run({program(), "doctor", "--json"});
    EXPECT_EQ(doctor.exit_code, 0) << doctor.describe();
    const nlohmann::json checks = nlohmann::json::parse(doctor.standard_output).at("checks");
    const auto finding = [&](const char* name) {
      for (const nlohmann::json& check : checks)
        if (check.at("name") == name) return check.at("finding").get<std::string>();
      return std::string("no such check");
    };
    EXPECT_EQ(finding("io_uring") == "with multishot reads",
              std::string_view(GetParam().engine) == "uring")
        << finding("io_uring");
    EXPECT_EQ(finding("offloads").find("Linux 6.2") == std::string::npos, GetParam().has_uso)
        << finding("offloads");
    EXPECT_EQ(doctor.standard_output.find("sysctl"), std::string::npos) << "it would not help";
  });
}

INSTANTIATE_TEST_SUITE_P(
    Features, LackingKernelTest,
    ::testing::Values(
        LackingKernel{"NoUso", {refused_uso()}, "uring", false},
        LackingKernel{"NoEpollPwait2", {refused_epoll_pwait2(ENOSYS)}, "uring", true},
        LackingKernel{"NoMultishotReads", {refused_multishot_reads()}, "syscall", true},
        LackingKernel{"NoIoUring", {refused_io_uring(ENOSYS)}, "syscall", true},
        LackingKernel{"AsLinux5_10",
                      {refused_uso(), refused_epoll_pwait2(ENOSYS), refused_multishot_reads()},
                      "syscall",
                      false}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(DegradedTest, OneAllowedCpuCarriesSeveralQueues) {
  for (const char* flags : {"--queues 2", "--queues 4", "--queues 4 --engine syscall"}) {
    TunnelProcess tunnel(flags, "taskset -c 0");
    ASSERT_TRUE(tunnel.wait_until_ready());
    expect_crossing();
    for (const nlohmann::json& worker : tunnel.counters().at("workers"))
      EXPECT_TRUE(worker.at("pinned_cpu").is_null() || worker.at("pinned_cpu") == 0);
    expect_end_in_order(tunnel);
  }
}

TEST_F(DegradedTest, ACpuThatIsTakenAwayUnderWayStopsNothing) {
  TunnelProcess tunnel("--queues 2");
  ASSERT_TRUE(tunnel.wait_until_ready());
  const std::string pid = std::to_string(tunnel.process().pid());
  ASSERT_TRUE(run({"taskset", "-a", "-c", "-p", "0", pid}).succeeded());
  expect_crossing();
  expect_end_in_order(tunnel);
}

TEST_F(DegradedTest, ACpuThatIsNotThereLeavesItUnpinnedWithAWarning) {
  BackgroundProcess tunnel({program(), "run", "--cpus", "1023"});
  ASSERT_TRUE(tunnel.wait_for_line("ready", milliseconds{20'000}));
  EXPECT_TRUE(tunnel.wait_for_line("tunrelay: note: Queue 0 is not pinned", kPatience));
  expect_crossing();
  tunnel.send_signal(SIGINT);
  const ProcessResult result = tunnel.wait();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr("queue 0 not pinned"));
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

/// An ordinary user, who may open the tun node, in a user namespace of his own; 64 KiB of locked
/// memory are too little for a ring.
TEST_F(DegradedTest, LittleLockedMemoryIsNoObstacleForAnOrdinaryUser) {
  const ProcessResult result =
      run_shell("cp " + program() +
                " /run/tunrelay-program\n"
                "mknod -m 666 /run/tun c 10 200; ln -s /run/tunrelay-program /run/t\n"
                "unshare -m sh -ec 'mount --bind /run/tun /dev/net/tun\n"
                "  exec prlimit --memlock=65536 setpriv --reuid=65534 --regid=65534 --clear-groups "
                "  /run/t exec --json -- ping -q -c 20 -i 0.01 192.168.13.2'");
  if (result.standard_error.find("a user namespace") != std::string::npos)
    return skip_or_fail("this host lets no ordinary user make a user namespace");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr(" 0% packet loss"));
  EXPECT_TRUE(last_event(result.standard_error, "summary").at("path").at("proven"));
}

}  // namespace
}  // namespace tunrelay::test
