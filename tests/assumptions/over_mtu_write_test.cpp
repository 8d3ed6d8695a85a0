// SPDX-License-Identifier: MIT
// The kernel takes packets above the device's MTU, and of one byte: it is the relay that has to
// keep the link's promises.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class OverMtuWriteTest : public TunTest {};

TEST_F(OverMtuWriteTest, IsDelivered) {
  const FileDescriptor queue = open_tun("tun0");
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 mtu 1500 up");
  const FileDescriptor socket = bind_udp("192.168.13.1", 7000);
  const auto packet = make_udp_packet(9, 7000, 8972);
  ASSERT_EQ(::write(queue.get(), packet.data(), packet.size()), 9000);
  std::array<char, 10000> received{};
  EXPECT_EQ(::recv(socket.get(), received.data(), received.size(), 0), 8972);
}

TEST_F(OverMtuWriteTest, TakesOneByteToo) {
  const FileDescriptor queue = open_tun("tun0");
  ip("link set tun0 up");
  const unsigned char version_4 = 0x45;
  EXPECT_EQ(::write(queue.get(), &version_4, 1), 1);
}

}  // namespace
}  // namespace tunrelay::test
