// SPDX-License-Identifier: MIT
// The knobs that trade latency against CPU time: with each of them ordinary programs get through.
#include <gtest/gtest.h>

#include <string>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay {
namespace {

class KnobsTest : public test::PrivateNetwork, public ::testing::WithParamInterface<const char*> {};

TEST_P(KnobsTest, PingAndTcpGetThrough) {
  // Requests one at a time, as many at once as fit, then a bulk transfer.
  const std::string load =
      "ping -q -n -A -c 50 192.168.13.2; ping -q -n -l 100 -c 100 192.168.13.2; "
      "ping -q -n -c 2 -i 0.1 fd13::2; iperf3 -s -1 > /dev/null & "
      "until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
      "iperf3 -J -c 192.168.13.2 -n 20M | jq -e \".error == null\"";
  const test::ProcessResult result =
      test::run_shell(test::program() + " exec -q " + GetParam() + " -- sh -euc '" + load + "'");
  EXPECT_TRUE(result.succeeded()) << result.describe();
}

class CongestionControlTest : public KnobsTest {};

TEST_P(CongestionControlTest, IsWhatTcpBeginsWith) {
  // Neither of the host's usual defaults.
  const std::string load =
      "iperf3 -s -1 > /dev/null & until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
      "iperf3 -J -c 192.168.13.2 -n 1M | jq -e '\''.end.sender_tcp_congestion == \"reno\" and "
      ".end.receiver_tcp_congestion == \"reno\"'\''";
  const test::ProcessResult result =
      test::run_shell(test::program() + " exec -q --congestion-control reno --strategy " +
                      GetParam() + " -- sh -euc '" + load + "'");
  EXPECT_TRUE(result.succeeded()) << result.describe();
}

TEST_P(CongestionControlTest, OneThatTheKernelDoesNotKnowIsRefused) {
  const test::ProcessResult result =
      test::run_shell(test::program() + " exec -q --congestion-control nosuch --strategy " +
                      GetParam() + " -- true");
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_NE(result.standard_error.find("congctl nosuch"), std::string::npos) << result.describe();
}

INSTANTIATE_TEST_SUITE_P(All, CongestionControlTest, ::testing::Values("policy", "classic"));
INSTANTIATE_TEST_SUITE_P(All, KnobsTest,
                         ::testing::Values("--busy-poll 0", "--busy-poll 100us", "--min-wait 200us",
                                           "--engine syscall --min-wait 200us",
                                           "--queues 2 --min-wait 50us"));

}  // namespace
}  // namespace tunrelay
