// SPDX-License-Identifier: MIT
// The packet path of a table of flows takes no memory, however many flows come.
#include <gtest/gtest.h>

#include "flow/flow_tables.hpp"
#include "support/allocation_counter.hpp"
#include "support/owned_packet.hpp"
#include "support/random_packet.hpp"

namespace tunrelay {
namespace {

TEST(FlowAllocationTest, FlowsComeAndGoWithoutAllocation) {
  FlowTables tables(1, 64);
  tables.begin();
  const auto tap = tables.make_tap(Direction::kAToB, 0);
  test::PacketSpec spec;
  spec.payload = test::counting_bytes(3000);
  spec.gso_size = 1000;
  test::OwnedPacket owned{test::build_frame(spec), {LinkType::kIp, test::kAnyMtu}};
  const std::size_t memory = tables.snapshot(0).memory_bytes;
  EXPECT_EQ(test::allocations_of([&] {
              for (std::uint32_t port = 0; port < 100'000; ++port) {
                test::set_u16({owned.packet.frame, owned.packet.frame_bytes}, 20, port & 0xffffU);
                test::set_u16({owned.packet.frame, owned.packet.frame_bytes}, 22, port >> 16U);
                tap->arrived(owned.packet);
                tap->left(owned.packet);
                if (port % 3 == 0) tap->dropped(owned.packet, DropReason::kStage);
              }
            }),
            0U);
  EXPECT_EQ(tables.snapshot(0).seen, 100'000U);
  EXPECT_EQ(tables.snapshot(0).evicted, 100'000U - 64);
  EXPECT_EQ(tables.snapshot(0).memory_bytes, memory);
}

}  // namespace
}  // namespace tunrelay
