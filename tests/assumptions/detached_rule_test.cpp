// SPDX-License-Identifier: MIT
// When the device goes with its last descriptor, as after SIGKILL, its addresses and routes go
// too, but rules stay and name it as [detached]: only rules need to be journalled for a crash.
#include <gmock/gmock.h>

#include "assumptions/tun.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DetachedRuleTest : public TunTest {};

TEST_F(DetachedRuleTest, OutlivesItsDevice) {
  FileDescriptor queue = open_tun("tun0");
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 up");
  ip("route add default dev tun0 table 131");
  ip("rule add pref 10 iif tun0 lookup 131");
  queue.reset();
  // The device lives on for some milliseconds.
  ASSERT_TRUE(run_shell("until ! ip link show tun0 2>&-; do sleep 0.01; done").succeeded());
  EXPECT_THAT(output_of(split("ip rule show")), HasSubstr("iif tun0 [detached]"));
  EXPECT_THAT(output_of(split("ip route show table all")), Not(HasSubstr("192.168.13")));
}

}  // namespace
}  // namespace tunrelay::test
