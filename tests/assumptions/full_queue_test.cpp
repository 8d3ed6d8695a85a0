// SPDX-License-Identifier: MIT
// A TUN queue that is full drops and counts; it never pushes back on the sender. Hence the
// longer queue that tunrelay sets, and hence tx_dropped in every result.
#include <gtest/gtest.h>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class FullQueueTest : public TunTest {};

TEST_F(FullQueueTest, DropsAndCountsWhatDoesNotFit) {
  constexpr std::size_t kQueueLength = 20;
  constexpr std::size_t kSent = 100;
  const FileDescriptor queue = open_tun("tun0");
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 txqueuelen 20 up");
  const FileDescriptor socket = bind_udp("192.168.13.1", 0);
  EXPECT_EQ(send_udp(socket, "192.168.13.2", 9, kSent, 64), kSent) << "the sender was informed";
  EXPECT_EQ(link_counter("tun0", "tx_dropped"), kSent - kQueueLength);
}

TEST_F(FullQueueTest, HoldsFiveHundredByDefault) {
  const FileDescriptor queue = open_tun("tun0");
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 up");
  const FileDescriptor socket = bind_udp("192.168.13.1", 0);
  EXPECT_EQ(send_udp(socket, "192.168.13.2", 9, 501, 64), 501U);
  EXPECT_EQ(link_counter("tun0", "tx_dropped"), 1U);
}

}  // namespace
}  // namespace tunrelay::test
