// SPDX-License-Identifier: MIT
// Writes to a TUN are done inside the submitting system call, in order, and with
// IOSQE_CQE_SKIP_SUCCESS only failures take a place in the completion queue: when submit
// returns, buffers can be used again.
#include <gtest/gtest.h>
#include <sys/uio.h>

#include <cerrno>

#include "assumptions/tun_ring.hpp"

namespace tunrelay::test {
namespace {

class InlineWriteTest : public TunRingTest {
 protected:
  static void write(TunRing& tun, const void* packet, std::size_t bytes) {
    io_uring_sqe* entry = tun.ring().next_entry();
    io_uring_prep_write(entry, 0, packet, static_cast<unsigned>(bytes), 0);
    entry->rw_flags = RWF_NOWAIT;
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
  }
};

TEST_F(InlineWriteTest, IsDoneWhenSubmitReturns) {
  constexpr std::size_t kPackets = 32;
  TunRing tun(32);
  const auto packet = make_udp_packet(9, 9, 64);
  for (std::size_t count = 0; count < kPackets; ++count) write(tun, packet.data(), packet.size());
  tun.ring().submit();
  EXPECT_EQ(link_counter("tun0", "rx_packets"), kPackets);
  EXPECT_TRUE(tun.completions(1, 50).empty()) << "success is silent";
}

TEST_F(InlineWriteTest, SpeaksWhenItFails) {
  TunRing tun(32);
  ip("link set tun0 down");
  const auto packet = make_udp_packet(9, 9, 64);
  write(tun, packet.data(), packet.size());
  tun.ring().submit();
  const auto completions = tun.completions(1, 2000);
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0].result, -EIO);
}

}  // namespace
}  // namespace tunrelay::test
