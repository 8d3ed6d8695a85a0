// SPDX-License-Identifier: MIT
// While a device is down, writes to it fail with EIO and an armed multishot read stays armed:
// it goes on by itself when the device comes back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "assumptions/tun_ring.hpp"

namespace tunrelay::test {
namespace {

class DownDeviceTest : public TunRingTest {};

TEST_F(DownDeviceTest, RefusesWritesAndKeepsTheReadArmed) {
  TunRing tun(32);
  tun.arm();
  // Somebody listens, so that the kernel answers nothing that the read would see.
  const FileDescriptor listener = bind_udp("192.168.13.1", 9);
  const auto packet = make_udp_packet(9, 9, 64);
  EXPECT_EQ(::write(tun.queue().get(), packet.data(), packet.size()),
            static_cast<ssize_t>(packet.size()));
  ip("link set tun0 down");
  EXPECT_EQ(::write(tun.queue().get(), packet.data(), packet.size()), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_TRUE(tun.completions(1, 100).empty());
  ip("link set tun0 up");
  tun.send(1);
  const auto completions = tun.completions(1, 2000);
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_TRUE(completions[0].has_buffer);
  EXPECT_TRUE(completions[0].more);
}

}  // namespace
}  // namespace tunrelay::test
