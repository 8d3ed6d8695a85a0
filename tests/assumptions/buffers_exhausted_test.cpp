// SPDX-License-Identifier: MIT
// When the provided buffers are used up, a multishot read ends with ENOBUFS. No packet is lost:
// they wait in the TUN's queue until it is armed again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "assumptions/tun_ring.hpp"

namespace tunrelay::test {
namespace {

class BuffersExhaustedTest : public TunRingTest {};

TEST_F(BuffersExhaustedTest, EndTheMultishotAndLoseNothing) {
  constexpr std::size_t kBuffers = 4;
  constexpr std::size_t kSent = 10;
  TunRing tun(kBuffers);
  tun.send(kSent);
  std::size_t received = 0;
  std::size_t ends = 0;
  for (int round = 0; round < 10 && received < kSent; ++round) {
    tun.arm();
    const auto completions = tun.completions(kBuffers + 1, 200);
    for (const Completion& completion : completions) {
      if (completion.has_buffer) {
        EXPECT_EQ(completion.number, received++);
        continue;
      }
      EXPECT_EQ(completion.result, -ENOBUFS);
      EXPECT_FALSE(completion.more);
      ++ends;
    }
    tun.give_back();
  }
  EXPECT_EQ(received, kSent);
  EXPECT_EQ(ends, 2U) << "after the 4th and the 8th packet";
  EXPECT_EQ(link_counter("tun0", "tx_dropped"), 0U);
}

}  // namespace
}  // namespace tunrelay::test
