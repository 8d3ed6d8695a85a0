// SPDX-License-Identifier: MIT
// One READ_MULTISHOT (opcode 49, Linux 6.7) on a TUN's fixed file completes once a packet into
// provided buffers, on a ring with a single issuer and deferred task work.
#include <gtest/gtest.h>

#include "assumptions/tun_ring.hpp"

namespace tunrelay::test {
namespace {

class MultishotReadTest : public TunRingTest {};

TEST_F(MultishotReadTest, CompletesOnceAPacketAndStaysArmed) {
  TunRing tun(32);
  tun.arm();
  for (int round = 0; round < 3; ++round) {
    tun.send(5);
    const auto completions = tun.completions(5, 2000);
    ASSERT_EQ(completions.size(), 5U);
    for (std::size_t at = 0; at < completions.size(); ++at) {
      EXPECT_EQ(completions[at].result, 64 + 28);
      EXPECT_TRUE(completions[at].more);
      EXPECT_TRUE(completions[at].has_buffer);
      EXPECT_EQ(completions[at].number, at) << "in the order in which they were sent";
    }
    tun.give_back();
  }
}

}  // namespace
}  // namespace tunrelay::test
