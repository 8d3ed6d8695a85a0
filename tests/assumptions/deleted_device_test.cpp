// SPDX-License-Identifier: MIT
// When a device is deleted, a multishot read ends with EBADFD, and so does every write.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "assumptions/tun_ring.hpp"

namespace tunrelay::test {
namespace {

class DeletedDeviceTest : public TunRingTest {};

TEST_F(DeletedDeviceTest, EndsTheMultishot) {
  TunRing tun(32);
  tun.arm();
  ip("link delete tun0");
  const auto completions = tun.completions(1, 2000);
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0].result, -EBADFD);
  EXPECT_FALSE(completions[0].more);
  const auto packet = make_udp_packet(9, 9, 64);
  EXPECT_EQ(::write(tun.queue().get(), packet.data(), packet.size()), -1);
  EXPECT_EQ(errno, EBADFD);
}

}  // namespace
}  // namespace tunrelay::test
