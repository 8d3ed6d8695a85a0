// SPDX-License-Identifier: MIT
// A further queue that requests another IFF_VNET_HDR than the first is accepted, and what it
// requested is ignored: the flags have to be read back, or every packet is off by a header.
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class SecondQueueHeaderTest : public TunTest {};

TEST_F(SecondQueueHeaderTest, IsThatOfTheFirst) {
  const FileDescriptor first = open_tun("tun0", IFF_MULTI_QUEUE | IFF_VNET_HDR);
  const FileDescriptor second = open_tun("tun0", IFF_MULTI_QUEUE);
  ifreq flags{};
  ASSERT_EQ(::ioctl(second.get(), TUNGETIFF, &flags), 0);
  EXPECT_NE(flags.ifr_flags & IFF_VNET_HDR, 0);
}

}  // namespace
}  // namespace tunrelay::test
