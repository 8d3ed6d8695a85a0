// SPDX-License-Identifier: MIT
// IFF_TUN_EXCL distinguishes a new device from an existing one, with EBUSY. Without it we
// would join another program's device, or one that is just dying.
#include <gtest/gtest.h>

#include <cerrno>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

class ExclusiveNameTest : public TunTest {};

TEST_F(ExclusiveNameTest, IsRefusedWhenTaken) {
  const FileDescriptor first = open_tun("tun0", IFF_MULTI_QUEUE | IFF_TUN_EXCL);
  const FileDescriptor second = open_tun_node();
  EXPECT_EQ(attach_tun(second.get(), "tun0", IFF_MULTI_QUEUE | IFF_TUN_EXCL), EBUSY);
  EXPECT_EQ(attach_tun(second.get(), "tun0", IFF_MULTI_QUEUE), 0) << "without the flag it joins";
}

}  // namespace
}  // namespace tunrelay::test
