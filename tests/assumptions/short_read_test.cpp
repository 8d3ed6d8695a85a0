// SPDX-License-Identifier: MIT
// A read into a buffer that is too small returns what fits, without a sign that more was there:
// buffers must hold the largest packet that there can be.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class ShortReadTest : public TunTest {};

TEST_F(ShortReadTest, CutsAndForgetsTheRest) {
  const FileDescriptor queue = open_tun("tun0");
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 up");
  const FileDescriptor socket = bind_udp("192.168.13.1", 0);
  ASSERT_EQ(send_udp(socket, "192.168.13.2", 9, 1, 100), 1U);
  std::array<char, 64> small{};
  EXPECT_EQ(::read(queue.get(), small.data(), small.size()), 64);
  EXPECT_EQ(::read(queue.get(), small.data(), small.size()), -1);
  EXPECT_EQ(errno, EAGAIN);
}

}  // namespace
}  // namespace tunrelay::test
