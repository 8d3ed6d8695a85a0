// SPDX-License-Identifier: MIT
// Snapshots of a table whose worker goes on, with flows that come and go all the time.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "flow/flow_tables.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay {
namespace {

constexpr std::uint16_t kPorts = 40;

// A flow's packets have as many bytes of payload as the number of its port: a snapshot that has
// one flow's key and another's counts shows.
TEST(FlowTableThreadTest, ASnapshotNeverMixesTwoFlows) {
  FlowTables tables(1, 16);
  tables.begin();
  const auto tap = tables.make_tap(Direction::kAToB, 0);
  std::vector<test::OwnedPacket> packets;
  for (std::uint16_t port = 1; port <= kPorts; ++port) {
    test::PacketSpec spec;
    spec.is_tcp = port % 2 == 0;
    spec.source_port = port;
    spec.payload = test::counting_bytes(port);
    packets.emplace_back(test::build_frame(spec), LinkLimits{LinkType::kIp, test::kAnyMtu});
  }
  std::atomic<bool> stops{false};
  std::thread worker([&] {
    for (std::size_t at = 0; !stops.load(); at += 7)
      for (int repeat = 0; repeat < 3; ++repeat) {
        const Packet& packet = packets[at % packets.size()].packet;
        tap->arrived(packet);
        tap->left(packet);
      }
  });
  std::size_t looked_at = 0;
  while (looked_at < test::scaled(20'000))
    for (const FlowReport& flow : tables.snapshot(16).top) {
      ++looked_at;
      const std::uint16_t port = flow.key.port(0);
      const FlowDirectionCounters& forth = flow.counters.directions[0];
      ASSERT_GE(port, 1);
      ASSERT_LE(port, kPorts);
      ASSERT_EQ(forth.read.payload_bytes.get() % port, 0U);
      ASSERT_LE(forth.read.tally.get().packets, 3U);
    }
  stops = true;
  worker.join();
  const FlowSnapshot end = tables.snapshot(0);
  EXPECT_EQ(end.flows[0].read + end.former[0].read, end.flows[0].written + end.former[0].written);
}

}  // namespace
}  // namespace tunrelay
