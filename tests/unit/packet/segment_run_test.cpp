// SPDX-License-Identifier: MIT
// Runs of wire segments against a naive segmenter.
#include "packet/segment_run.hpp"

#include <gtest/gtest.h>

#include "packet/checksum.hpp"
#include "packet/ecn.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

Frame build(const Packet& packet) {
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  const std::size_t count = build_run(packet, slot, pieces);
  return gathered(std::span{pieces}.first(count));
}

std::vector<Frame> part(const std::vector<Frame>& frames, SegmentRun run) {
  return {frames.begin() + run.first, frames.begin() + run.last};
}

PacketSpec large_spec() {
  PacketSpec spec;
  spec.payload = counting_bytes(1448 * 44 + 10);
  spec.gso_size = 1448;
  spec.tcp_options = Bytes(12, std::byte{1});
  return spec;
}

TEST(SegmentRunTest, AWholePacketIsOnePieceAsRead) {
  const Frame frame = build_frame(large_spec());
  const OwnedPacket owned{frame, {}};
  ASSERT_EQ(owned.fault, std::nullopt);
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  ASSERT_EQ(build_run(owned.packet, slot, pieces), 1U);
  EXPECT_EQ(pieces[0].iov_base, owned.packet.frame - kVirtioNetHeaderBytes);
  EXPECT_EQ(gathered(std::span{pieces}.first(1)), frame);
}

TEST(SegmentRunTest, PayloadStaysInPlace) {
  OwnedPacket owned{build_frame(large_spec()), {}};
  owned.packet.run = {3, 5};
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  ASSERT_EQ(build_run(owned.packet, slot, pieces), 2U);
  EXPECT_EQ(pieces[0].iov_base, slot.data());
  EXPECT_EQ(pieces[1].iov_base, owned.packet.frame + 52 + 3 * 1448);
  EXPECT_EQ(pieces[1].iov_len, 2U * 1448);
}

TEST(SegmentRunTest, ARunOfOneIsNoGsoPacketAndKeepsItsPendingChecksum) {
  OwnedPacket owned{build_frame(large_spec()), {}};
  owned.packet.run = {44, 45};
  const Frame last = build(owned.packet);
  EXPECT_EQ(last.header, (VirtioNetHeader{.flags = VirtioNetHeader::kNeedsChecksum,
                                          .checksum_start = 20,
                                          .checksum_offset = 16}));
  EXPECT_EQ(last.bytes.size(), 62U);
  owned.packet.run = {2, 4};
  const Frame two = build(owned.packet);
  EXPECT_EQ(two.header.gso_type, 1);
  EXPECT_EQ(two.header.gso_size, 1448);
  EXPECT_EQ(two.header.header_bytes, 52);
}

TEST(SegmentRunTest, FinAndPshGoWithTheLastCwrWithTheFirst) {
  PacketSpec spec = large_spec();
  spec.tcp_flags = 0x10 | 0x08 | 0x01 | 0x80;
  spec.gso_bits = VirtioNetHeader::kGsoEcn;
  OwnedPacket owned{build_frame(spec), {}};
  const auto flags_of = [&](SegmentRun run) {
    owned.packet.run = run;
    return std::to_integer<int>(build(owned.packet).bytes[33]);
  };
  EXPECT_EQ(flags_of({0, 3}), 0x90);
  EXPECT_EQ(flags_of({1, 3}), 0x10);
  EXPECT_EQ(flags_of({3, 45}), 0x19);
  EXPECT_EQ(flags_of({0, 45}), 0x99);
  owned.packet.run = {0, 3};
  EXPECT_EQ(build(owned.packet).header.gso_type, 0x81);
  owned.packet.run = {1, 3};
  EXPECT_EQ(build(owned.packet).header.gso_type, 0x01);
}

TEST(SegmentRunTest, AccurateEcnGoesWithEverySegment) {
  PacketSpec spec = large_spec();
  spec.tcp_flags = 0x10 | 0x80;
  spec.gso_bits = VirtioNetHeader::kGsoAccurateEcn;
  OwnedPacket owned{build_frame(spec), {}};
  owned.packet.run = {2, 4};
  EXPECT_EQ(std::to_integer<int>(build(owned.packet).bytes[33]), 0x90);
  EXPECT_EQ(build(owned.packet).header.gso_type, 0x11);
}

TEST(SegmentRunTest, AMarkStandsOnEverySegmentAndTheFrameStaysAsItWas) {
  for (const int ip_version : {4, 6}) {
    PacketSpec spec = large_spec();
    spec.ip_version = ip_version;
    spec.traffic_class = 0xba;  // ECT(0)
    const Frame frame = build_frame(spec);
    spec.traffic_class = 0xbb;  // CE
    const std::vector<Frame> marked = segment_naively(build_frame(spec), LinkType::kIp);
    OwnedPacket owned{frame, {LinkType::kIp, 9000}};
    mark_congestion(owned.packet);
    for (const SegmentRun run : {SegmentRun{0, 45}, SegmentRun{3, 9}, SegmentRun{44, 45}}) {
      owned.packet.run = run;
      EXPECT_EQ(segment_naively(build(owned.packet), LinkType::kIp), part(marked, run));
    }
    EXPECT_EQ(std::memcmp(owned.packet.frame, frame.bytes.data(), frame.bytes.size()), 0);
  }
  // A sender that has not said that it understands marks gets none.
  OwnedPacket plain{build_frame(large_spec()), {}};
  mark_congestion(plain.packet);
  EXPECT_EQ(build(plain.packet), build_frame(large_spec()));
}

TEST(SegmentRunTest, LongExtensionHeadersAreWrittenFromTheFrame) {
  PacketSpec spec = large_spec();
  spec.ip_version = 6;
  spec.extensions = {{0, Bytes(2048, std::byte{1})}, {60, Bytes(2048, std::byte{1})}};
  spec.gso_size = 1000;
  spec.payload = counting_bytes(30000);
  OwnedPacket owned{build_frame(spec), {LinkType::kIp, kAnyMtu}};
  ASSERT_EQ(owned.fault, std::nullopt);
  owned.packet.run = {5, 9};
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  ASSERT_EQ(build_run(owned.packet, slot, pieces), 4U);
  EXPECT_EQ(pieces[1].iov_base, owned.packet.frame + 40);
  EXPECT_EQ(segment_naively(gathered(pieces), LinkType::kIp),
            part(segment_naively(build_frame(spec), LinkType::kIp), {5, 9}));
}

/// The reference itself: its segments' checksums, completed, are right.
TEST(SegmentRunTest, TheNaiveSegmentsAreValidPackets) {
  SeededRandom random;
  for (std::size_t times = scaled(100); times > 0; --times) {
    PacketSpec spec = random_spec(random, true);
    spec.extensions.clear();
    for (const Frame& segment : segment_naively(build_frame(spec), spec.link_type)) {
      const Frame wire = completed(segment);
      const OwnedPacket owned{wire, {spec.link_type, kAnyMtu}};
      ASSERT_EQ(owned.fault, std::nullopt);
      ASSERT_EQ(check_transport_checksum(owned.packet), TransportChecksum::kValid);
    }
  }
}

/// What the receiver sees of a run is what it would have seen of those segments.
void expect_same_segments(OwnedPacket& owned, const std::vector<Frame>& segments, SegmentRun run,
                          LinkType link_type) {
  owned.packet.run = run;
  const Frame built = build(owned.packet);
  ASSERT_EQ(segment_naively(built, link_type), part(segments, run)) << run.first << " " << run.last;
  const OwnedPacket again{built, {link_type, kAnyMtu}};
  ASSERT_EQ(again.fault, std::nullopt) << "a run is not accepted by another relay";
  ASSERT_EQ(again.packet.run.count(), run.count());
}

TEST(SegmentRunPropertyTest, EveryRunOfASmallPacketGivesItsSegments) {
  SeededRandom random;
  for (std::size_t times = scaled(60); times > 0; --times) {
    PacketSpec spec = random_spec(random, true);
    spec.payload.resize(std::min<std::size_t>(spec.payload.size(), spec.gso_size * 12U));
    const Frame frame = build_frame(spec);
    const std::vector<Frame> segments = segment_naively(frame, spec.link_type);
    OwnedPacket owned{frame, {spec.link_type, kAnyMtu}};
    ASSERT_EQ(owned.fault, std::nullopt);
    const auto count = static_cast<std::uint16_t>(segments.size());
    for (std::uint16_t first = 0; first < count; ++first)
      for (auto last = static_cast<std::uint16_t>(first + 1); last <= count; ++last) {
        expect_same_segments(owned, segments, {first, last}, spec.link_type);
        if (HasFatalFailure()) return;
      }
  }
}

TEST(SegmentRunPropertyTest, RandomRunsOfLargePacketsGiveTheirSegments) {
  SeededRandom random;
  for (std::size_t times = scaled(400); times > 0; --times) {
    const PacketSpec spec = random_spec(random, true);
    Frame frame = build_frame(spec);
    // A wrong pending sum stays as wrong as it was.
    if (random.chance(0.2))
      set_u16(frame.bytes, frame.header.checksum_start + std::size_t{frame.header.checksum_offset},
              static_cast<std::uint32_t>(random.between(0, 0xffff)));
    const std::vector<Frame> segments = segment_naively(frame, spec.link_type);
    OwnedPacket owned{frame, {spec.link_type, kAnyMtu}};
    ASSERT_EQ(owned.fault, std::nullopt);
    for (int runs = 0; runs < 8; ++runs) {
      const auto first = random.between(0, segments.size() - 1);
      const auto last = random.between(first + 1, segments.size());
      expect_same_segments(owned, segments,
                           {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)},
                           spec.link_type);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace tunrelay::test
