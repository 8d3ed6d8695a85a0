// SPDX-License-Identifier: MIT
// The network state of the host is the same before and after a tunnel, whatever ended it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "support/network_state.hpp"
#include "support/process.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// When the process has ended everything is as it was, but the kernel reports a carrier that is
/// gone with up to a second of delay (net/core/link_watch.c).
constexpr milliseconds kCarrierLimit{1'500};

class StateTest : public UnchangedNetwork {
 protected:
  void run_and_stop(const std::string& flags, int signal) {
    TunnelProcess tunnel(flags);
    ASSERT_TRUE(tunnel.wait_until_ready());
    const bool apart = flags.find("namespaces") != std::string::npos;
    EXPECT_TRUE(apart || before_ != network_state()) << "the test would see nothing";
    const ProcessResult result = tunnel.stop(signal);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(result.standard_error, "");
    EXPECT_TRUE(restored_within(kCarrierLimit, before_)) << flags << ", signal " << signal;
  }
};

TEST_F(StateTest, IsTheSameAfterAnEndInOrder) {
  for (const char* strategy : kStrategies)
    for (const char* type : {"tun", "tap"})
      run_and_stop(std::string("--strategy ") + strategy + " --type " + type, SIGINT);
}

TEST_F(StateTest, IsTheSameAfterEverySignalThatRequestsTheEnd) {
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) run_and_stop("--queues 2", signal);
}

TEST_F(StateTest, IsTheSameWithAnAdministratorsDevices) {
  for (const std::string type : {"tun", "tap"}) {
    prepare(make_devices(type) + "for n in 0 1; do ip link set " + type +
            "$n mtu 140$n txqueuelen 7$n; done; ip address add 10.7.7.1/24 dev " + type + "0");
    for (const std::string strategy : kStrategies)
      run_and_stop("--type " + type + " --strategy " + strategy, SIGINT);
  }
}

TEST_F(StateTest, IsTheSameWithAnAdministratorsDevicesThatAreUpWithAllTheAddresses) {
  // A TUN that is up makes itself a link-local address as soon as anybody opens it, from a secret
  // that the kernel draws then and never forgets: so these make none.
  prepare(make_devices() +
          "for n in 0 1; do ip link set tun$n addrgenmode none up\n"
          "ip address add 192.168.13.$((n+1))/24 dev tun$n\n"
          "ip address add fd13::$((n+1))/64 dev tun$n nodad; done");
  for (const std::string strategy : kStrategies) run_and_stop("--strategy " + strategy, SIGINT);
}

TEST_F(StateTest, AnAdministratorsDevicesOfDifferentMtuAreMadeEqualMeanwhile) {
  prepare(make_devices() + "ip link set tun0 mtu 1400; ip link set tun1 mtu 9000");
  TunnelProcess tunnel("--mtu 3000");
  ASSERT_TRUE(tunnel.wait_until_ready());
  for (const char* device : {"tun0", "tun1"})
    EXPECT_THAT(output_of({"ip", "link", "show", device}), HasSubstr("mtu 3000"));
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_TRUE(restored_within(kCarrierLimit, before_));
}

TEST_F(StateTest, TheJanitorRestoresAfterACrash) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL})
    for (const char* strategy : kStrategies) {
      TunnelProcess tunnel(std::string("--strategy ") + strategy);
      ASSERT_TRUE(tunnel.wait_until_ready());
      EXPECT_EQ(tunnel.stop(signal).signal, signal);
      EXPECT_TRUE(restored_within(kPatience, before_)) << strategy << ", signal " << signal;
    }
}

TEST_F(StateTest, TheJanitorRestoresAnAdministratorsDevices) {
  prepare(make_devices() + "ip link set tun0 mtu 1400; ip link set tun1 txqueuelen 33");
  for (const char* strategy : kStrategies) {
    TunnelProcess tunnel(std::string("--strategy ") + strategy);
    ASSERT_TRUE(tunnel.wait_until_ready());
    tunnel.kill();
    EXPECT_TRUE(restored_within(kPatience, before_)) << strategy;
  }
}

TEST_F(StateTest, CleanupIsEnoughWithoutTheJanitor) {
  for (const char* strategy : kStrategies) {
    TunnelProcess tunnel(std::string("--strategy ") + strategy);
    ASSERT_TRUE(tunnel.wait_until_ready());
    tunnel.kill_with_janitor();
    std::this_thread::sleep_for(milliseconds(200));
    EXPECT_GT(journal_lines(), 1U) << "nothing was left, so nothing is tested";
    const ProcessResult first = run({program(), "cleanup"});
    EXPECT_EQ(first.exit_code, 0) << first.describe();
    EXPECT_THAT(first.standard_output, HasSubstr("restored  tun0-tun1"));
    EXPECT_TRUE(restored_within(kPatience, before_)) << strategy;
    EXPECT_EQ(run({program(), "cleanup"}).standard_output, "nothing to undo\n");
  }
}

TEST_F(StateTest, TheNextStartPutsInOrderWhatWasLeft) {
  for (const char* strategy : kStrategies) {
    TunnelProcess killed(std::string("--strategy ") + strategy);
    ASSERT_TRUE(killed.wait_until_ready());
    killed.kill_with_janitor();
    TunnelProcess next("--device-a other0 --device-b other1");
    ASSERT_TRUE(next.wait_until_ready());
    EXPECT_EQ(next.stop().exit_code, 0);
    EXPECT_TRUE(restored_within(kCarrierLimit, before_)) << strategy;
  }
}

TEST_F(StateTest, TwoTunnelsShareTheMovedLocalRule) {
  const std::string other =
      "--device-a other0 --device-b other1 --address-a 192.168.14.1/24,fd14::1/64 "
      "--address-b 192.168.14.2/24,fd14::2/64";
  for (const bool first_ends_first : {true, false})
    for (const bool killed : {false, true}) {
      TunnelProcess first;
      ASSERT_TRUE(first.wait_until_ready());
      TunnelProcess second(other);
      ASSERT_TRUE(second.wait_until_ready());
      TunnelProcess& leaving = first_ends_first ? first : second;
      TunnelProcess& staying = first_ends_first ? second : first;
      const std::size_t lines = journal_lines();
      leaving.stop(killed ? SIGKILL : SIGINT);
      EXPECT_TRUE(eventually(kPatience, [&] { return journal_lines() < lines; }));
      EXPECT_TRUE(staying.counters().at("path").at("proven").get<bool>());
      EXPECT_EQ(staying.count_events("broken"), 0U) << staying.process().standard_output();
      EXPECT_EQ(staying.stop().exit_code, 0);
      EXPECT_TRUE(restored_within(kPatience, before_)) << first_ends_first << killed;
    }
}

TEST_F(StateTest, ALocalRuleThatAnotherProgramHasMovedStaysThere) {
  prepare("for f in -4 -6; do ip $f rule add pref 100 lookup local; ip $f rule del pref 0; done");
  for (const char* strategy : kStrategies)
    run_and_stop(std::string("--strategy ") + strategy, SIGINT);
}

}  // namespace
}  // namespace tunrelay::test
