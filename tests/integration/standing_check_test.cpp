// SPDX-License-Identifier: MIT
// What closes the path without a message from the kernel is found while `run` runs, reported, and
// reported again when it is over; at the latest by the check at the end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/running_tunnel.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOften = "--path-check-interval 200ms ";
constexpr const char* kDenyAll =
    "nft add table inet closed\n"
    "nft 'add chain inet closed in { type filter hook input priority 0; policy drop; }'";

class StandingCheckTest : public UnchangedNetwork {
 protected:
  static void expect_found_and_over(RunningTunnel& tunnel, const std::string& breaking,
                                    const std::string& finding, const std::string& mending) {
    output_of({"sh", "-ec", breaking});
    EXPECT_TRUE(tunnel.wait_for_event("broken", finding, kPatience))
        << breaking << ": " << tunnel.process().standard_output();
    output_of({"sh", "-ec", mending});
    EXPECT_TRUE(tunnel.wait_for_event("repaired", "The path is whole again", kPatience))
        << mending << ": " << tunnel.process().standard_output();
  }
};

TEST_F(StandingCheckTest, FindsAFirewallThatDeniesByDefault) {
  RunningTunnel tunnel(kOften);
  expect_found_and_over(tunnel, kDenyAll, "a firewall may drop it", "nft delete table inet closed");
  const nlohmann::json path = tunnel.finish().at("path");
  EXPECT_TRUE(path.at("proven").get<bool>());
  EXPECT_GE(path.at("failed_checks"), 1);
}

TEST_F(StandingCheckTest, FindsAQueueThatHoldsNothing) {
  for (const char* device : {"tun0", "tun1"}) {
    RunningTunnel tunnel(kOften);
    expect_found_and_over(
        tunnel, fmt::format("ip link set {} txqueuelen 0", device),
        fmt::format("was lost before {}", device),
        // The queue of length 0 is one without a queueing discipline; its ring is made again.
        fmt::format("ip link set {} txqueuelen 1000", device));
    EXPECT_TRUE(tunnel.finish().at("path").at("proven").get<bool>());
  }
}

TEST_F(StandingCheckTest, ReportsHowMuchWentOverLoMeanwhile) {
  RunningTunnel tunnel(kOften);
  // Without its route through the tunnel the peer's address is a local one, and answers.
  output_of(split("ip link set tun1 down"));
  ASSERT_TRUE(
      tunnel.wait_for_event("broken", "The path is broken (since its last proof lo", kPatience));
  output_of(split("ping -n -q -c 20 -i 0.01 127.0.0.1"));
  output_of(split("ip link set tun1 up"));
  ASSERT_TRUE(tunnel.wait_for_event("repaired", "Meanwhile lo has carried ", kPatience));
  const nlohmann::json repaired = tunnel.last_event("repaired");
  const nlohmann::json path = tunnel.finish().at("path");
  const auto count = path.at("detour_packets").get<std::uint64_t>();
  EXPECT_GE(count, 40U) << "twenty and their answers";
  EXPECT_THAT(repaired.at("text").get<std::string>(),
              HasSubstr(fmt::format("carried {} packets", count)));
}

TEST_F(StandingCheckTest, CountsNothingThatLoCarriesBesideAWholePath) {
  RunningTunnel tunnel(kOften);
  output_of(split("ping -n -q -c 20 -i 0.01 127.0.0.1"));
  EXPECT_EQ(tunnel.finish().at("path").at("detour_packets"), 0);
}

TEST_F(StandingCheckTest, CountsItsProbesApart) {
  RunningTunnel tunnel("--path-check-interval 50ms");
  std::this_thread::sleep_for(milliseconds{1'500});
  const nlohmann::json summary = tunnel.finish();
  const auto checks = summary.at("path").at("checks").get<std::uint64_t>();
  EXPECT_GE(checks, 4U);
  for (const char* direction : {"a_to_b", "b_to_a"}) {
    // Two a check, but for the first, which was before the accounts; one that was under way at the
    // end is not a check any more.
    EXPECT_GE(summary.at(direction).at("path_probes"), 2 * (checks - 1));
    EXPECT_LE(summary.at(direction).at("path_probes"), 2 * (checks + 1));
  }
  EXPECT_EQ(summary.at("path").at("failed_checks"), 0);
}

TEST_F(StandingCheckTest, CanBeSwitchedOff) {
  RunningTunnel tunnel("--path-check-interval 0");
  output_of({"sh", "-ec", kDenyAll});
  std::this_thread::sleep_for(milliseconds{2'000});
  EXPECT_EQ(tunnel.count_events("broken"), 0U);
  const ProcessResult result = tunnel.stop();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const nlohmann::json path = tunnel.last_event("summary").at("path");
  EXPECT_FALSE(path.at("proven").get<bool>()) << "the check at the end";
  EXPECT_EQ(path.at("checks"), 2);
  EXPECT_THAT(path.at("finding").get<std::string>(), HasSubstr("a firewall may drop it"));
}

TEST_F(StandingCheckTest, IsNotMisledByAFullQueue) {
  RunningTunnel tunnel("--path-check-interval 100ms --txqueuelen 2 --offload off --engine syscall");
  const ProcessResult load = run(split(program() + " gen 192.168.13.1 192.168.13.2 -t 3s"));
  EXPECT_TRUE(load.succeeded()) << load.describe();
  EXPECT_EQ(tunnel.count_events("broken"), 0U) << tunnel.process().standard_output();
  EXPECT_GT(tunnel.finish().at("a").at("queue_dropped_packets"), 0);
}

TEST_F(StandingCheckTest, EndsSoonAlsoWhileItWaitsForALostProbe) {
  RunningTunnel tunnel(kOften);
  output_of({"sh", "-ec", kDenyAll});
  ASSERT_TRUE(tunnel.wait_for_event("broken", "a firewall may drop it", kPatience));
  const ProcessResult result = tunnel.stop();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_FALSE(tunnel.last_event("summary").at("path").at("proven").get<bool>());
}

}  // namespace
}  // namespace tunrelay::test
