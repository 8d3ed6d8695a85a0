// SPDX-License-Identifier: MIT
// A narrower path that answers: what goes back, how much of it, and how it enters the other
// direction.
#include "stage/mtu.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "packet/too_big.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {
namespace {

std::shared_ptr<ReturnPath> new_way_back(bool leads_nowhere = false) {
  return std::make_shared<ReturnPath>(ReturnPath::Site{
      .place = {.is_link = true, .stage = 3, .queue = 2, .end = 1},
      .link_type = LinkType::kIp,
      .leads_nowhere = leads_nowhere,
  });
}

PacketSpec super_packet(std::size_t payload_bytes) {
  PacketSpec spec;
  spec.payload = counting_bytes(payload_bytes);
  spec.gso_size = 1448;
  return spec;
}

/// The answer to the wire segment NUMBER of SPEC.
Bytes expected_answer(const PacketSpec& spec, std::size_t number, std::uint32_t mtu_bytes) {
  const Bytes segment =
      completed(segment_naively(build_frame(spec), spec.link_type).at(number)).bytes;
  const OwnedPacket owned(Frame{{}, segment}, {spec.link_type, kMaxIpBytes});
  Bytes answer(kMaxTooBigBytes);
  answer.resize(make_too_big(segment, owned.packet.layers, mtu_bytes,
                             std::span<std::byte, kMaxTooBigBytes>(answer)));
  return answer;
}

TEST(AnsweringMtuTest, EachSegmentThatIsTooLongIsAnswered) {
  const auto back = new_way_back();
  Mtu mtu({.mtu_bytes = 1400, .answers = true}, back);
  ReturnStage entry(back);
  StageRecord there;
  StageRecord returned;
  // Two of 1500 bytes, and a shorter one that fits.
  const PacketSpec spec = super_packet(2 * 1448 + 1000);
  const OwnedPacket owned(build_frame(spec), {});
  EXPECT_EQ(entry.next_deadline_ns(), Stage::kNoDeadline);
  there.give(mtu, owned.packet, 7);
  EXPECT_EQ(there.dropped.size(), 2U);
  EXPECT_EQ(there.runs, (std::vector<SegmentRun>{{2, 3}}));
  EXPECT_EQ(there.references(), 0);

  EXPECT_EQ(entry.next_deadline_ns(), 0) << "the other lane must have its turn at once";
  returned.run(entry, 8);
  EXPECT_EQ(entry.next_deadline_ns(), Stage::kNoDeadline);
  ASSERT_EQ(returned.packets.size(), 2U);
  EXPECT_EQ(back->sent(), 2U);
  EXPECT_EQ(returned.made_tally, returned.passed_tally);
  EXPECT_EQ(returned.references(), 0);
  for (std::size_t number = 0; number < 2; ++number) {
    const Packet& answer = returned.packets[number];
    EXPECT_EQ(Bytes(answer.bytes().begin(), answer.bytes().end()),
              expected_answer(spec, number, 1400));
    EXPECT_EQ(answer.layers.protocol, 1) << "its layers are read";
    EXPECT_EQ(answer.queue, 2);
  }
  EXPECT_NE(returned.packets[0].id, returned.packets[1].id);
  EXPECT_GT(returned.packets[0].id >> 62U, 0U) << "no packet that was read has such an id";
}

TEST(AnsweringMtuTest, PacketsOfTheOtherDirectionPassBesideTheAnswers) {
  ReturnStage entry(new_way_back());
  StageRecord record;
  record.give(entry, OwnedPacket(build_frame({}), {}).packet, 0);
  EXPECT_EQ(record.passed.size(), 1U);
}

TEST(AnsweringMtuTest, FiftyAtOnceAndThenOneEachMillisecond) {
  const auto back = new_way_back(true);
  Mtu mtu({.mtu_bytes = 1400, .answers = true}, back);
  StageRecord record;
  const OwnedPacket owned(build_frame(super_packet(40 * 1448)), {});
  for (int times = 0; times < 5; ++times) record.give(mtu, owned.packet, 1'000'000'000);
  EXPECT_EQ(back->sent(), 50U);
  record.give(mtu, owned.packet, 1'000'000'000 + 10 * kNanosecondsPerMillisecond);
  EXPECT_EQ(back->sent(), 60U);
  record.give(mtu, owned.packet, 5'000'000'000);
  EXPECT_EQ(back->sent(), 100U) << "rested, it answers a whole super-packet of 40";
  EXPECT_EQ(record.dropped.size(), 7U * 40) << "without an answer they are dropped all the same";
}

TEST(AnsweringMtuTest, WithoutMemoryThereIsNoAnswer) {
  const auto back = new_way_back();
  Mtu mtu({.mtu_bytes = 1400, .answers = true}, back);
  ReturnStage entry(back);
  StageRecord record;
  record.give(mtu, OwnedPacket(build_frame(super_packet(2 * 1448)), {}).packet, 0);
  StageRecord returned;
  returned.spaces_left = 1;
  returned.run(entry, 0);
  EXPECT_EQ(returned.packets.size(), 1U);
  EXPECT_EQ(back->sent(), 1U);
  EXPECT_EQ(returned.references(), 0);
  EXPECT_FALSE(back->has_waiting());
}

TEST(AnsweringMtuTest, WhatMayBeFragmentedIs) {
  const auto back = new_way_back(true);
  Mtu mtu({.mtu_bytes = 600, .answers = true}, back);
  PacketSpec spec = super_packet(2 * 1448 + 100);
  spec.dont_fragment = false;
  OwnedPacket owned(build_frame(spec), {});
  owned.packet.id = 77;
  StageRecord record;
  record.give(mtu, owned.packet, 0);
  EXPECT_EQ(back->sent(), 0U);
  // 1468 bytes behind the IP header are 576, 576 and 316; the last segment fits.
  std::vector<std::uint32_t> sizes;
  for (const Packet& packet : record.packets) sizes.push_back(packet.frame_bytes);
  ASSERT_EQ(sizes,
            (std::vector<std::uint32_t>{596, 596, 336, 596, 596, 336, owned.packet.frame_bytes}));
  for (std::size_t at = 0; at < 6; ++at) {
    const Packet& fragment = record.packets[at];
    Packet read = fragment;
    EXPECT_EQ(parse(read, {LinkType::kIp, 600}), std::nullopt);
    EXPECT_EQ(read.layers.transport_offset, fragment.layers.transport_offset);
    EXPECT_EQ(read.layers.protocol, fragment.layers.protocol);
    EXPECT_EQ(fragment.id, 77U);
  }
  EXPECT_EQ(tally_of(owned.packet) + record.made_tally, record.passed_tally);
  EXPECT_EQ(record.references(), 0);
}

TEST(AnsweringMtuTest, WithoutMemoryForAllFragmentsThePacketIsDropped) {
  Mtu mtu({.mtu_bytes = 600, .answers = true}, new_way_back(true));
  PacketSpec spec = super_packet(2 * 1448);
  spec.dont_fragment = false;
  const OwnedPacket owned(build_frame(spec), {});
  StageRecord record;
  record.spaces_left = 4;
  record.give(mtu, owned.packet, 0);
  EXPECT_EQ(record.packets.size(), 4U);
  EXPECT_EQ(record.dropped.size(), 1U);
  EXPECT_EQ(tally_of(owned.packet) + record.made_tally, record.passed_tally + record.dropped_tally);
  EXPECT_EQ(record.references(), 0);
}

TEST(AnsweringMtuTest, ABlackHoleIsSilent) {
  const auto back = new_way_back(true);
  Mtu mtu({.mtu_bytes = 1400}, back);
  StageRecord record;
  record.give(mtu, OwnedPacket(build_frame(super_packet(2 * 1448)), {}).packet, 0);
  EXPECT_EQ(record.dropped.size(), 2U);
  EXPECT_EQ(back->sent(), 0U);
}

}  // namespace
}  // namespace tunrelay::test
