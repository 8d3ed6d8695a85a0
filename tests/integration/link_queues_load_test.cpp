// SPDX-License-Identifier: MIT
// What queues are for, with the kernel's own TCP across a real tunnel: fair shares, and short waits
// beside them.
#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "support/linked_network.hpp"
#include "support/process.hpp"
#include "support/running_tunnel.hpp"

namespace tunrelay::test {
namespace {

using LinkQueuesTest = LinkedNetwork;

struct Household {
  double fairness = 0;  ///< Jain's index of four TCP flows
  double ping_ms = 0;   ///< mean round trip of a ping beside them
};

/// Four flows of iperf3 for three seconds, and a ping each 20 ms once they have begun.
Household run_household() {
  const ProcessResult result =
      run({"sh", "-c",
           "iperf3 -s -1 -D > /dev/null; until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
           "(sleep 1; ping -n -q -i 0.02 -c 80 192.168.13.2 | tail -1 | cut -d/ -f5 > ping.txt) & "
           "iperf3 -J -C cubic -c 192.168.13.2 -P 4 -t 3; wait; cat ping.txt >&2; rm ping.txt"});
  EXPECT_TRUE(result.succeeded()) << result.describe();
  const nlohmann::json report = nlohmann::json::parse(result.standard_output);
  double sum = 0;
  double squares = 0;
  for (const nlohmann::json& stream : report.at("end").at("streams")) {
    const auto rate = stream.at("receiver").at("bits_per_second").get<double>();
    sum += rate;
    squares += rate * rate;
  }
  return {sum * sum / (4 * squares), std::stod(result.standard_error)};
}

std::uint64_t detail(const nlohmann::json& summary, const char* key) {
  return summary.at("link").at("a_to_b").at(0).at("details").at(key).get<std::uint64_t>();
}

TEST_F(LinkQueuesTest, FqCodelSharesALinkFairlyAndAPingDoesNotWait) {
  for (const char* shape : {"", " --queues 2"}) {
    RunningTunnel tunnel(link_flag("rate 50mbit fq_codel") + shape);
    const Household household = run_household();
    const nlohmann::json summary = tunnel.finish();
    EXPECT_GT(household.fairness, 0.98) << shape;
    EXPECT_LT(household.ping_ms, 4) << shape << ": its own wait is half a millisecond";
    EXPECT_GT(detail(summary, "dropped_early_segments"), 0U) << shape;
    EXPECT_GE(detail(summary, "new_flows"), 4U) << shape;
    EXPECT_EQ(detail(summary, "dropped_full_segments"), 0U) << shape;
    EXPECT_TRUE(is_balanced(summary)) << summary.at("a_to_b");
  }
  RunningTunnel tunnel(link_flag("rate 50mbit limit 200ms"));
  EXPECT_GT(run_household().ping_ms, 20) << "behind the others, without flow queues";
}

}  // namespace
}  // namespace tunrelay::test
