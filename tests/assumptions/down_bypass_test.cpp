// SPDX-License-Identifier: MIT
// When a device goes down, its routes vanish and the traffic goes over lo, silently: ping still
// answers and not a packet crosses. Hence the path check around every measurement.
#include <gtest/gtest.h>

#include "assumptions/crossing.hpp"
#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class DownBypassTest : public TunTest {};

TEST_F(DownBypassTest, IsSilent) {
  Crossing crossing;
  apply_policy_routes();
  ASSERT_TRUE(ping_crosses(3));
  ASSERT_EQ(crossing.take_packets(), 6U);
  ip("link set tun0 down");
  ip("link set tun1 down");
  EXPECT_TRUE(ping_crosses(3));
  EXPECT_EQ(crossing.take_packets(), 0U);
  ip("link set tun0 up");
  ip("link set tun1 up");
  EXPECT_TRUE(ping_crosses(3));
  EXPECT_EQ(crossing.take_packets(), 0U) << "the routes do not come back with the device";
}

}  // namespace
}  // namespace tunrelay::test
