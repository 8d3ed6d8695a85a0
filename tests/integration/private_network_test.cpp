// SPDX-License-Identifier: MIT
// The private network that integration tests run in, and the state that they compare.
#include "support/private_network.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "support/network_state.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

void set_reverse_path_filter(int mode) {
  std::ofstream("/proc/sys/net/ipv4/conf/all/rp_filter") << mode;
}

class PrivateNetworkTest : public PrivateNetwork {};

TEST_F(PrivateNetworkTest, HasLoopbackAndNothingElse) {
  EXPECT_EQ(output_of({"sh", "-c", "ls /sys/class/net"}), "lo\n");
  EXPECT_TRUE(run(split("ping -c1 -W1 127.0.0.1")).succeeded());
  EXPECT_TRUE(std::filesystem::is_empty("/run"));
}

TEST_F(PrivateNetworkTest, StateComesBackWhenAChangeIsUndone) {
  const std::string before = network_state();
  EXPECT_THAT(before, HasSubstr("\"ifname\":\"lo\""));
  output_of(split("ip tuntap add tun0 mode tun"));
  output_of(split("ip address add 192.168.13.1/24 dev tun0"));
  output_of(split("ip -6 address add fd13::1/64 dev tun0"));
  output_of(split("ip link set tun0 up"));
  output_of(split("ip rule add pref 10 iif tun0 lookup 13"));
  output_of(split("ip -6 rule add pref 10 iif tun0 lookup 13"));
  output_of(split("ip route add blackhole default table 13"));
  output_of(split("ip -6 route add blackhole default table 13"));
  set_reverse_path_filter(2);
  const std::string changed = network_state();
  const ::testing::AssertionResult verdict = same_network_state(before, changed);
  ASSERT_FALSE(verdict);
  for (const char* came : {"+ link", "+ address", "+ rule4", "+ rule6", "+ route4", "+ route6",
                           "- sysctl /proc/sys/net/ipv4/conf/all/rp_filter = 0",
                           "+ sysctl /proc/sys/net/ipv4/conf/all/rp_filter = 2"})
    EXPECT_THAT(verdict.message(), HasSubstr(came));
  set_reverse_path_filter(0);
  output_of(split("ip -6 route del blackhole default table 13"));
  output_of(split("ip route del blackhole default table 13"));
  output_of(split("ip -6 rule del pref 10"));
  output_of(split("ip rule del pref 10"));
  output_of(split("ip tuntap del tun0 mode tun"));
  EXPECT_TRUE(same_network_state(before, network_state()));
}

}  // namespace
}  // namespace tunrelay::test
