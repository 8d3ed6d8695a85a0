// SPDX-License-Identifier: MIT
// The table of flows: which packets it counts where, which flow makes room, and that its sums are
// those of all packets.
#include "flow/flow_table.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

#include "base/path_nonce.hpp"
#include "packet/ecn.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay {
namespace {

using test::Bytes;
using test::counting_bytes;
using test::OwnedPacket;
using test::PacketSpec;
using Ports = std::initializer_list<std::uint16_t>;

OwnedPacket packet_of(const PacketSpec& spec) {
  return OwnedPacket{test::build_frame(spec), {spec.link_type, test::kAnyMtu}};
}

PacketSpec udp_from(std::uint16_t port, std::size_t payload_bytes = 100) {
  PacketSpec spec;
  spec.is_tcp = false;
  spec.source_port = port;
  spec.payload = counting_bytes(payload_bytes);
  return spec;
}

/// The same flow, the other way.
PacketSpec answer_to(PacketSpec spec) {
  std::swap(spec.source_host, spec.destination_host);
  std::swap(spec.source_port, spec.destination_port);
  return spec;
}

FlowSnapshot snapshot_of(const FlowTable& table, std::size_t top = 100) {
  FlowSnapshot snapshot;
  table.add_to(snapshot, top);
  return snapshot;
}

const FlowReport* flow_at(const FlowSnapshot& snapshot, std::uint16_t port_at_a) {
  for (const FlowReport& flow : snapshot.top)
    if (flow.key.port(0) == port_at_a) return &flow;
  return nullptr;
}

class FlowTableTest : public ::testing::Test {
 protected:
  FlowTableTest() { table_.begin(); }
  void cross(const PacketSpec& spec, Direction direction) {
    const OwnedPacket owned = packet_of(spec);
    now_ns_ += 1000;
    table_.arrived(owned.packet, direction, now_ns_);
    table_.left(owned.packet, direction, now_ns_ + 10);
  }

  FlowTable table_{4};
  std::int64_t now_ns_ = 0;
};

TEST_F(FlowTableTest, JoinsBothDirectionsUnderTheTunnelsEnds) {
  for (const int version : {4, 6}) {
    PacketSpec spec = udp_from(1000);
    spec.ip_version = version;
    cross(spec, Direction::kAToB);
    cross(answer_to(spec), Direction::kBToA);
  }
  const FlowSnapshot snapshot = snapshot_of(table_);
  ASSERT_EQ(snapshot.top.size(), 2U);
  for (const FlowReport& flow : snapshot.top) {
    EXPECT_EQ(flow.key.port(0), 1000);
    EXPECT_EQ(flow.key.port(1), 5201);
    EXPECT_EQ(flow.counters.initiator.get(), 0U);
    for (const FlowDirectionCounters& direction : flow.counters.directions) {
      EXPECT_EQ(direction.read.tally.get().packets, 1U);
      EXPECT_EQ(direction.written.payload_bytes.get(), 100U);
    }
  }
  EXPECT_EQ(snapshot.top[0].key.end_text(0), "[fd13::1]:1000");
  EXPECT_EQ(snapshot.top[1].key.end_text(1), "192.168.13.2:5201");
}

TEST_F(FlowTableTest, TheLeastRecentlyUsedFlowMakesRoom) {
  for (const std::uint16_t port : Ports{1, 2, 3, 4, 1, 5, 6})
    cross(udp_from(port), Direction::kAToB);
  const FlowSnapshot snapshot = snapshot_of(table_);
  EXPECT_EQ(snapshot.seen, 6U);
  EXPECT_EQ(snapshot.evicted, 2U);
  for (const std::uint16_t port : Ports{1, 4, 5, 6})
    EXPECT_NE(flow_at(snapshot, port), nullptr) << port;
  EXPECT_EQ(flow_at(snapshot, 1)->counters.directions[0].read.tally.get().packets, 2U);
  EXPECT_EQ(snapshot.former[0].read.packets, 2U);
  EXPECT_EQ(snapshot.former[0].written.bytes, 2 * 128U);
}

TEST_F(FlowTableTest, TheLargestFlowsAreShown) {
  for (const std::uint16_t port : Ports{1, 2, 3, 4})
    cross(udp_from(port, std::size_t{100} * port), Direction::kAToB);
  const FlowSnapshot snapshot = snapshot_of(table_, 2);
  ASSERT_EQ(snapshot.top.size(), 2U);
  EXPECT_NE(flow_at(snapshot, 4), nullptr);
  EXPECT_NE(flow_at(snapshot, 3), nullptr);
  EXPECT_EQ(snapshot.flows[0].read.packets, 4U);
}

TEST_F(FlowTableTest, ANewConnectionOnTheSamePortsIsAnotherFlow) {
  PacketSpec syn;
  syn.tcp_flags = 0x02;
  cross(syn, Direction::kAToB);
  cross(syn, Direction::kAToB);  // sent again
  EXPECT_EQ(snapshot_of(table_).seen, 1U);
  EXPECT_EQ(snapshot_of(table_).top[0].counters.directions[0].tcp.retransmitted_segments.get(), 1U);
  syn.sequence += 100'000;
  cross(syn, Direction::kAToB);
  const FlowSnapshot snapshot = snapshot_of(table_);
  EXPECT_EQ(snapshot.seen, 2U);
  EXPECT_EQ(snapshot.ended, 1U);
  ASSERT_EQ(snapshot.top.size(), 1U);
  EXPECT_EQ(snapshot.top[0].counters.directions[0].tcp.retransmitted_segments.get(), 0U);
  EXPECT_EQ(snapshot.former[0].read.packets, 2U);
}

TEST_F(FlowTableTest, WhatIsOfNoFlowIsCountedApart) {
  PacketSpec probe = udp_from(7);
  const auto payload = make_path_probe(1234);
  probe.payload.assign(payload.begin(), payload.end());
  cross(probe, Direction::kAToB);
  OwnedPacket fragment = packet_of(udp_from(8));
  fragment.packet.layers.payload_offset = 0;  // as of a fragment
  table_.arrived(fragment.packet, Direction::kBToA, 1);
  table_.dropped(fragment.packet, Direction::kBToA);
  const FlowSnapshot snapshot = snapshot_of(table_);
  EXPECT_EQ(snapshot.seen, 0U);
  EXPECT_EQ(snapshot.other[0].read.packets, 1U);
  EXPECT_EQ(snapshot.other[0].written.packets, 1U);
  EXPECT_EQ(snapshot.other[1].dropped.packets, 1U);
}

TEST_F(FlowTableTest, CountsNothingBeforeItBegins) {
  FlowTable table{4};
  const OwnedPacket owned = packet_of(udp_from(1));
  table.arrived(owned.packet, Direction::kAToB, 1);
  table.left(owned.packet, Direction::kAToB, 1);
  table.dropped(owned.packet, Direction::kAToB);
  EXPECT_EQ(snapshot_of(table).seen, 0U);
  EXPECT_EQ(snapshot_of(table).other[0].read.packets, 0U);
}

TEST_F(FlowTableTest, CountsWireSegmentsAndMarksOfRuns) {
  PacketSpec spec;
  spec.payload = counting_bytes(5000);
  spec.gso_size = 1000;
  spec.traffic_class = 0x02;  // ECT(0)
  OwnedPacket owned = packet_of(spec);
  table_.arrived(owned.packet, Direction::kAToB, 1000);
  owned.packet.run = {0, 2};
  table_.left(owned.packet, Direction::kAToB, 2000);
  owned.packet.run = {2, 3};
  table_.dropped(owned.packet, Direction::kAToB);
  owned.packet.run = {3, 5};
  owned.packet.traffic_class.add({.mask = kEcnMask, .value = kEcnCe});
  table_.left(owned.packet, Direction::kAToB, 5000);
  const FlowSnapshot snapshot = snapshot_of(table_);
  const FlowDirectionCounters& forth = snapshot.top.at(0).counters.directions[0];
  EXPECT_EQ(forth.read.tally.get(), (Tally{1, 5, 5040}));
  EXPECT_EQ(forth.written.tally.get(), (Tally{1, 4, 4040}));
  EXPECT_EQ(forth.dropped.get(), (Tally{0, 1, 1000}));
  EXPECT_EQ(forth.written.payload_bytes.get(), 4000U);
  EXPECT_EQ(forth.read.ce_segments.get(), 0U);
  EXPECT_EQ(forth.written.ce_segments.get(), 2U);
  EXPECT_EQ(forth.written.longest_gap_ns.get(), 3000U);
}

TEST_F(FlowTableTest, PaddingOfAnEthernetFrameIsNotPayload) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.payload = counting_bytes(1);
  test::Frame frame = test::build_frame(spec);
  frame.bytes.resize(60);
  const OwnedPacket owned{frame, {LinkType::kEthernet, 1500}};
  ASSERT_FALSE(owned.fault.has_value());
  table_.arrived(owned.packet, Direction::kAToB, 1);
  const FlowSnapshot snapshot = snapshot_of(table_);
  EXPECT_EQ(snapshot.top.at(0).counters.directions[0].read.payload_bytes.get(), 1U);
  EXPECT_EQ(snapshot.top.at(0).counters.directions[0].read.tally.get().bytes, 60U);
}

// flows + former + other is all that came, whatever came, damaged packets too.
TEST_F(FlowTableTest, ItsSumsAreThoseOfAllPackets) {
  test::SeededRandom random;
  std::array<FlowTallies, kDirections> expected;
  for (std::size_t count = 0; count < test::scaled(20'000); ++count) {
    PacketSpec spec = test::random_spec(random, random.chance(0.3));
    spec.source_port = static_cast<std::uint16_t>(random.between(1, 12));
    test::Frame frame = test::build_frame(spec);
    if (random.chance(0.2)) test::damage(random, frame);
    OwnedPacket owned{frame, {spec.link_type, test::kAnyMtu}};
    if (owned.fault) owned.packet.header = {};
    const std::size_t direction = random.between(0, 1);
    const auto way = static_cast<Direction>(direction);
    now_ns_ += 100;
    table_.arrived(owned.packet, way, now_ns_);
    expected.at(direction).read += tally_of(owned.packet);
    if (owned.fault || random.chance(0.1)) {
      table_.dropped(owned.packet, way);
      expected.at(direction).dropped += tally_of(owned.packet);
    } else {
      table_.left(owned.packet, way, now_ns_);
      expected.at(direction).written += tally_of(owned.packet);
    }
  }
  const FlowSnapshot snapshot = snapshot_of(table_);
  EXPECT_GT(snapshot.evicted, 0U);
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    FlowTallies sum = snapshot.flows.at(direction);
    sum += snapshot.former.at(direction);
    sum += snapshot.other.at(direction);
    EXPECT_EQ(sum.read, expected.at(direction).read);
    EXPECT_EQ(sum.written, expected.at(direction).written);
    EXPECT_EQ(sum.dropped, expected.at(direction).dropped);
  }
}

}  // namespace
}  // namespace tunrelay
