// SPDX-License-Identifier: MIT
// What others do to a running tunnel: it is reported, repaired where that can be done,
// and traffic that goes another way never counts as the tunnel's.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "support/network_state.hpp"
#include "support/process.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FaultTest : public UnchangedNetwork {
 protected:
  static void must(const std::string& script) {
    const ProcessResult result = run_shell(script);
    ASSERT_TRUE(result.succeeded()) << script << result.describe();
  }
  /// Packets that have crossed, either way.
  static std::int64_t packets_crossed(TunnelProcess& tunnel) {
    const nlohmann::json counters = tunnel.counters();
    return counters.at("a_to_b").at("written").at("packets").get<std::int64_t>() +
           counters.at("b_to_a").at("written").at("packets").get<std::int64_t>();
  }
  static bool is_proven(TunnelProcess& tunnel) {
    return tunnel.counters().at("path").at("proven").get<bool>();
  }
  /// At least COUNT packets cross each way.
  static void expect_crossing(TunnelProcess& tunnel, const std::string& address = "192.168.13.2") {
    const std::int64_t before = packets_crossed(tunnel);
    EXPECT_TRUE(run(split("ping -q -c 50 -i 0.002 -W 2 " + address)).succeeded());
    EXPECT_GE(packets_crossed(tunnel) - before, 100);
  }
  void expect_end_in_order(TunnelProcess& tunnel) {
    const ProcessResult result = tunnel.stop();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_TRUE(restored_within(milliseconds{0}, before_)) << result.describe();
  }
};

TEST_F(FaultTest, ADeviceSetDownIsABrokenPathAndNoBypass) {
  for (const char* strategy : {"policy", "classic"})
    for (const char* device : {"tun0", "tun1"}) {
      TunnelProcess tunnel(std::string("--strategy ") + strategy);
      ASSERT_TRUE(tunnel.wait_until_ready());
      BackgroundProcess ping(split("ping -q -i 0.005 192.168.13.2"));
      must(std::string("ip link set down dev ") + device);
      EXPECT_TRUE(tunnel.wait_for_event("broken", device, kPatience));
      EXPECT_FALSE(is_proven(tunnel));
      const std::int64_t before = packets_crossed(tunnel);
      run(split("ping -q -c 100 -i 0.002 -W 1 192.168.13.2"));
      EXPECT_LT(packets_crossed(tunnel) - before, 10) << "what did not cross was counted";
      EXPECT_NE(tunnel.counters().at("path").at("finding"), "");
      must(std::string("ip link set up dev ") + device);
      EXPECT_TRUE(tunnel.wait_for_event("repaired", "The path is whole again", kPatience))
          << tunnel.process().standard_output();
      EXPECT_TRUE(is_proven(tunnel));
      expect_crossing(tunnel);
      expect_crossing(tunnel, "fd13::2");
      expect_end_in_order(tunnel);
    }
}

TEST_F(FaultTest, ADeviceSetDownIsReportedOnStandardError) {
  BackgroundProcess tunnel({program(), "run"});
  ASSERT_TRUE(tunnel.wait_for_line("ready", milliseconds{20'000}));
  must("ip link set tun0 down");
  EXPECT_TRUE(tunnel.wait_for_line("tunrelay: broken: ", kPatience));
  tunnel.send_signal(SIGINT);
  const ProcessResult result = tunnel.wait();
  EXPECT_THAT(result.standard_output, HasSubstr("NOT PROVEN"));
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(FaultTest, ALinkThatWasDownForAMomentIsNoOtherProgramsDoing) {
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  must("ip link set tun1 down; ip link set tun1 up");
  EXPECT_TRUE(
      tunnel.wait_for_event("repaired", "The interface tun1 came up again; put back: ", kPatience))
      << tunnel.process().standard_output();
  EXPECT_TRUE(eventually(kPatience, [&] { return is_proven(tunnel); }));
  EXPECT_THAT(tunnel.process().standard_output(), Not(HasSubstr("Another program")));
  expect_end_in_order(tunnel);
}

TEST_F(FaultTest, ANamespaceThatLosesItsNameIsAFindingAndNoEnd) {
  TunnelProcess tunnel("--strategy namespaces");
  ASSERT_TRUE(tunnel.wait_until_ready());
  must("ip netns del tunrelay-b");
  EXPECT_TRUE(tunnel.wait_for_event("broken", "tunrelay-b", kPatience));
  EXPECT_FALSE(is_proven(tunnel));
  EXPECT_THAT(tunnel.counters().at("path").at("finding").get<std::string>(),
              HasSubstr("could not open the network namespace"));
  expect_end_in_order(tunnel);
}

TEST_F(FaultTest, ARenamedDeviceIsFollowed) {
  for (const char* strategy : {"policy", "classic"}) {
    TunnelProcess tunnel(std::string("--strategy ") + strategy);
    ASSERT_TRUE(tunnel.wait_until_ready());
    BackgroundProcess ping(split("ping -q -i 0.005 192.168.13.2"));
    must("ip link set tun0 name new0");
    EXPECT_TRUE(tunnel.wait_for_event("note", "was renamed to new0", kPatience));
    EXPECT_TRUE(eventually(kPatience, [&] { return is_proven(tunnel); }))
        << tunnel.process().standard_output();
    expect_crossing(tunnel);
    // Its MTU and the kernel's counters are those of the interface, whatever it is called.
    must("ip link set new0 mtu 1400");
    EXPECT_TRUE(tunnel.wait_for_event("note", "The MTUs differ, new0 has 1400", kPatience));
    expect_end_in_order(tunnel);
  }
}

TEST_F(FaultTest, ADeletedDeviceEndsTheTunnel) {
  for (const char* strategy : kStrategies)
    for (const char* device : {"tun0", "tun1"}) {
      TunnelProcess tunnel(fmt::format("--strategy {} --queues 2", strategy));
      ASSERT_TRUE(tunnel.wait_until_ready());
      const bool apart = std::string(strategy) == "namespaces";
      const std::string in = apart ? "ip netns exec tunrelay-a " : "";
      BackgroundProcess ping(split(in + "ping -q -i 0.002 192.168.13.2"));
      const std::string netns = device == std::string("tun0") ? "tunrelay-a" : "tunrelay-b";
      must("ip " + (apart ? "-n " + netns : "") + " link delete " + device);
      const ProcessResult result = tunnel.process().wait(kPatience);
      EXPECT_EQ(result.exit_code, 1) << result.describe();
      EXPECT_FALSE(result.timed_out);
      EXPECT_THAT(last_event(result.standard_output, "gone").at("text"),
                  AllOf(HasSubstr(device), HasSubstr("deleted")));
      EXPECT_FALSE(last_event(result.standard_output, "summary").at("path").at("proven"));
      EXPECT_TRUE(restored_within(kPatience, before_)) << result.describe();
    }
}

TEST_F(FaultTest, ADeletedRuleOrRouteIsRepaired) {
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  const std::string running = network_state();
  std::size_t repairs = 0;
  for (const char* command : {"ip rule del iif tun0", "ip rule del iif lo to 192.168.13.2",
                              "ip -6 rule del iif tun1", "ip route del 192.168.13.2 table 5214",
                              "ip route flush table 5213", "ip rule add pref 0 lookup local"}) {
    must(command);
    ++repairs;
    EXPECT_TRUE(eventually(kPatience, [&] { return tunnel.count_events("repaired") >= repairs; }))
        << command << tunnel.process().standard_output();
    EXPECT_TRUE(eventually(kPatience, [&] { return network_state() == running; }))
        << command << same_network_state(running, network_state()).message();
  }
  EXPECT_TRUE(is_proven(tunnel));
  EXPECT_GE(tunnel.counters().at("repairs"), repairs);
  expect_end_in_order(tunnel);
}

TEST_F(FaultTest, AFlushOfAllRulesIsRepaired) {
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  must("ip rule flush; ip -6 rule flush");
  EXPECT_TRUE(tunnel.wait_for_event("repaired", "iif tun0", kPatience))
      << tunnel.process().standard_output();
  EXPECT_TRUE(eventually(kPatience, [&] { return is_proven(tunnel); }))
      << tunnel.process().standard_output();
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  // The flush took the rules of main and default too; those are not ours to bring back.
  EXPECT_EQ(output_of(split("ip rule")), "0:\tfrom all lookup local\n");
  EXPECT_EQ(output_of(split("ip -6 rule")), "0:\tfrom all lookup local\n");
}

TEST_F(FaultTest, ARuleThatGoesAgainAndAgainMakesNoFight) {
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  const auto begin = std::chrono::steady_clock::now();
  {
    BackgroundProcess other(
        {"sh", "-c", "while :; do ip rule del iif tun0 2>/dev/null; sleep 0.01; done"});
    // A burst of ten repairs, then one in five seconds: ten deletions take their time.
    EXPECT_TRUE(
        tunnel.wait_for_event("broken", "Another program keeps changing", milliseconds{60'000}));
  }
  const std::size_t repairs = tunnel.count_events("repaired");
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(repairs, 10U);
  EXPECT_LE(static_cast<double>(repairs), 11 + taken.count() / 5);
  EXPECT_TRUE(eventually(milliseconds{20'000}, [&] {
    return output_of(split("ip rule")).find("iif tun0") != std::string::npos;
  })) << "the next repair comes within five seconds";
  EXPECT_TRUE(eventually(kPatience, [&] { return is_proven(tunnel); }));
  expect_end_in_order(tunnel);
}

TEST_F(FaultTest, AnMtuThatChangesIsFollowedAndWhatIsTooLongIsCounted) {
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  must("ip link set tun0 mtu 1300");
  EXPECT_TRUE(
      tunnel.wait_for_event("note", "The MTUs differ, tun0 has 1300 and tun1 has 1500", kPatience));
  EXPECT_TRUE(tunnel.wait_for_event("note", "ip link set tun1 mtu 1300", kPatience));
  run(split("ping -q -c 5 -i 0.01 -s 1400 -W 1 192.168.13.1"));
  const nlohmann::json dropped = tunnel.counters().at("b_to_a").at("dropped");
  EXPECT_GE(dropped.value("/over_mtu/packets"_json_pointer, 0), 5) << dropped.dump();
  must("ip link set tun1 mtu 1300");
  EXPECT_TRUE(run(split("ping -q -c 5 -i 0.01 -s 1400 -W 1 192.168.13.1")).succeeded());
  EXPECT_TRUE(is_proven(tunnel));
  expect_end_in_order(tunnel);
}

}  // namespace
}  // namespace tunrelay::test
