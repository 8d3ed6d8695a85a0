// A host that has less to offer: the tunnel works with what is there and says so, or it says why
// it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Runs BODY in a thread of which no process can make an io_uring: io_uring_setup() answers
/// ERROR, as a container's filter or sysctl kernel.io_uring_disabled does.
void without_io_uring(std::uint32_t error, const std::function<void()>& body) {
  std::thread([&] {
    std::array<sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{.len = program.size(), .filter = program.data()};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    body();
  }).join();
}

class DegradedTest : public UnchangedNetwork {
 protected:
  static void expect_crossing() {
    EXPECT_TRUE(run(words("ping -q -c 20 -i 0.002 -W 2 192.168.13.2")).succeeded());
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

TEST_F(DegradedTest, WithoutIoUringTheSyscallEngineWorksAndTheReasonIsTold) {
  for (const std::uint32_t error : {std::uint32_t{EPERM}, std::uint32_t{ENOSYS}})
    without_io_uring(error, [&] {
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
  without_io_uring(EPERM, [&] {
    const ProcessResult result = run({program(), "run", "--engine", "uring"});
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_THAT(result.standard_error,
                AllOf(HasSubstr("the uring engine"), HasSubstr("--engine syscall")));
  });
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

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
