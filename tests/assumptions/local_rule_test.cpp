// SPDX-License-Identifier: MIT
// By itself the kernel delivers what a host sends to its own address over lo. With the rule for
// table local moved behind rules of our own, the same packets cross the devices; and both
// addresses can still be bound.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "assumptions/crossing.hpp"
#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class LocalRuleTest : public TunTest {};

TEST_F(LocalRuleTest, DecidesWhetherTrafficCrosses) {
  Crossing crossing;
  ASSERT_TRUE(ping_crosses(5));
  EXPECT_EQ(crossing.take_packets(), 0U) << "over lo";
  apply_policy_routes();
  ASSERT_TRUE(ping_crosses(5));
  EXPECT_EQ(crossing.take_packets(), 10U) << "five requests and five answers";
  EXPECT_NO_THROW(bind_udp(kAddressA, 7000));
  EXPECT_NO_THROW(bind_udp(kAddressB, 7000));
}

TEST_F(LocalRuleTest, WorksUnderEveryReversePathFilter) {
  Crossing crossing;
  apply_policy_routes();
  for (const int mode : {0, 1, 2}) {
    for (const char* device : {"all", "tun0", "tun1"})
      std::ofstream("/proc/sys/net/ipv4/conf/" + std::string(device) + "/rp_filter") << mode;
    EXPECT_TRUE(ping_crosses(3)) << "rp_filter " << mode;
    EXPECT_EQ(crossing.take_packets(), 6U) << "rp_filter " << mode;
  }
}

}  // namespace
}  // namespace tunrelay::test
