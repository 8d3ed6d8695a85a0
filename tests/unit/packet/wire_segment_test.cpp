// SPDX-License-Identifier: MIT
// Single wire segments, complete with their checksums, against the naive segmenter.
#include "packet/wire_segment.hpp"

#include <gtest/gtest.h>

#include "packet/checksum.hpp"
#include "packet/ecn.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

Bytes wire_bytes(const Packet& packet, std::uint16_t number) {
  Bytes out(wire_segment_bytes(packet, number));
  EXPECT_EQ(copy_wire_segment(packet, number, out), out.size());
  return out;
}

TEST(WireSegmentTest, IsWhatTheNaiveSegmenterMakesWithItsChecksumCompleted) {
  SeededRandom random;
  for (std::size_t times = scaled(300); times > 0; --times) {
    const PacketSpec spec = random_spec(random, random.chance(0.7));
    const Frame frame = build_frame(spec);
    const OwnedPacket owned{frame, {spec.link_type, kAnyMtu}};
    ASSERT_EQ(owned.fault, std::nullopt);
    const std::vector<Frame> segments = segment_naively(frame, spec.link_type);
    ASSERT_EQ(segments.size(), owned.packet.run.count());
    for (int looks = 0; looks < 5; ++looks) {
      const auto number = static_cast<std::uint16_t>(random.between(0, segments.size() - 1));
      ASSERT_EQ(wire_bytes(owned.packet, number), completed(segments[number]).bytes)
          << "segment " << number << " of " << segments.size();
    }
  }
}

TEST(WireSegmentTest, HeadersAndPayloadInPlaceAreTheSegment) {
  SeededRandom random;
  for (std::size_t times = scaled(300); times > 0; --times) {
    const PacketSpec spec = random_spec(random, random.chance(0.7));
    OwnedPacket owned{build_frame(spec), {spec.link_type, kAnyMtu}};
    ASSERT_EQ(owned.fault, std::nullopt);
    if (random.chance(0.3)) mark_congestion(owned.packet);
    const auto number =
        static_cast<std::uint16_t>(random.between(0, owned.packet.run.count() - 1U));
    Bytes joined(wire_header_bytes(owned.packet));
    const std::span<const std::byte> payload = copy_wire_headers(owned.packet, number, joined);
    if (!payload.empty()) {
      EXPECT_GE(payload.data(), owned.packet.frame) << "it was copied";
      EXPECT_LE(payload.data() + payload.size(), owned.packet.frame + owned.packet.frame_bytes);
    }
    joined.insert(joined.end(), payload.begin(), payload.end());
    VirtioNetHeader header = owned.packet.header;
    complete_checksum(joined, header);
    ASSERT_EQ(joined, wire_bytes(owned.packet, number)) << "segment " << number;
  }
}

TEST(WireSegmentCopierTest, MakesWhatEachWouldBeByItselfInAnyOrder) {
  SeededRandom random;
  for (std::size_t times = scaled(200); times > 0; --times) {
    const PacketSpec spec = random_spec(random, true);
    OwnedPacket owned{build_frame(spec), {spec.link_type, kAnyMtu}};
    if (random.chance(0.3)) mark_congestion(owned.packet);
    WireSegmentCopier copier(owned.packet);
    const std::uint16_t count = owned.packet.run.count();
    const bool in_order = random.chance(0.5);
    for (std::uint16_t turn = 0; turn < count; ++turn) {
      const auto number =
          in_order ? turn : static_cast<std::uint16_t>(random.between(0, count - 1U));
      Bytes segment(wire_segment_bytes(owned.packet, number));
      EXPECT_EQ(copier.copy(number, segment), segment.size());
      ASSERT_EQ(segment, wire_bytes(owned.packet, number)) << "segment " << number;
      Bytes headers(wire_header_bytes(owned.packet));
      Bytes alone(headers.size());
      const auto payload = copier.copy_headers(number, headers);
      EXPECT_EQ(payload.data(), copy_wire_headers(owned.packet, number, alone).data());
      ASSERT_EQ(headers, alone) << "segment " << number;
    }
  }
}

TEST(WireSegmentTest, BearsTheMarkOfItsRun) {
  PacketSpec spec;
  spec.traffic_class = 0x02;  // ECT(0)
  spec.payload = counting_bytes(1000 * 3);
  for (const std::uint16_t gso_size : {std::uint16_t{0}, std::uint16_t{1000}}) {
    spec.gso_size = gso_size;
    OwnedPacket owned{build_frame(spec), {LinkType::kIp, kAnyMtu}};
    const Bytes before = wire_bytes(owned.packet, 0);
    mark_congestion(owned.packet);
    Bytes marked = wire_bytes(owned.packet, 0);
    EXPECT_EQ(marked[1], std::byte{0x03});
    EXPECT_EQ(naive_sum(std::span{marked}.first(20)), 0xffff) << "the checksum holds";
    std::copy_n(before.begin(), 20, marked.begin());
    EXPECT_EQ(marked, before) << "nothing else changes";
  }
}

TEST(WireSegmentTest, DoesNotDependOnTheRun) {
  PacketSpec spec;
  spec.payload = counting_bytes(1000 * 9 + 1);
  spec.gso_size = 1000;
  OwnedPacket owned{build_frame(spec), {}};
  const Bytes whole = wire_bytes(owned.packet, 9);
  EXPECT_EQ(whole.size(), 41U) << "the last one is one byte long";
  owned.packet.run = {9, 10};
  EXPECT_EQ(wire_bytes(owned.packet, 9), whole);
}

}  // namespace
}  // namespace tunrelay::test
