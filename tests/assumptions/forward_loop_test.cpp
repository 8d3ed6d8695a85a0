// SPDX-License-Identifier: MIT
// On a host that forwards, a packet to an address of the subnet that is nobody's comes in at
// one end, is routed to the other, and so on until its time to live is over. A blackhole in the
// table of what arrives on the devices ends that after one crossing.
#include <gtest/gtest.h>

#include <fstream>

#include "assumptions/crossing.hpp"
#include "assumptions/tun.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

class ForwardLoopTest : public TunTest {
 protected:
  /// How often one packet to an unused address crosses.
  static std::uint64_t crossings(bool guarded) {
    Crossing crossing;
    apply_policy_routes(guarded);
    std::ofstream("/proc/sys/net/ipv4/ip_forward") << 1;
    for (const char* device : {"tun0", "tun1"})
      std::ofstream("/proc/sys/net/ipv4/conf/" + std::string(device) + "/accept_local") << 1;
    run(split("ping -q -c 1 -t 255 -W 1 192.168.13.77"));
    return crossing.take_packets();
  }
};

TEST_F(ForwardLoopTest, RunsUntilTheTimeToLiveIsOver) {
  EXPECT_GE(crossings(false), 255U);
}

TEST_F(ForwardLoopTest, IsEndedByABlackhole) {
  EXPECT_EQ(crossings(true), 1U);
}

}  // namespace
}  // namespace tunrelay::test
