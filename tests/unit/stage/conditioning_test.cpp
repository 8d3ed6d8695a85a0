// SPDX-License-Identifier: MIT
// The stages that police, hold for slots and write traffic classes, each against a naive one that
// handles a wire segment after the other.
#include <gtest/gtest.h>

#include <cmath>

#include "packet/ecn.hpp"
#include "packet/segment_run.hpp"
#include "stage/policer.hpp"
#include "stage/remark.hpp"
#include "stage/slot.hpp"
#include "support/accepted_packet.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {
namespace {

constexpr ImpairmentKey kSlotKey{.seed = 5, .stage = 1, .direction = 0, .kind = 8};

OwnedPacket conditioned_packet(BufferId buffer, std::size_t payload_bytes,
                               std::uint8_t traffic_class = 0, int ip_version = 4) {
  PacketSpec spec;
  spec.ip_version = ip_version;
  spec.traffic_class = traffic_class;
  spec.payload = counting_bytes(payload_bytes);
  if (payload_bytes > 1000) spec.gso_size = 1000;
  return accepted_packet(build_frame(spec), buffer);
}

TEST(PolicerPropertyTest, TakesWhatTheBucketHolds) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(20); ++round) {
    const std::uint64_t rate = random.between(1, 100) * 1'000'000;
    const std::uint64_t burst = random.between(1500, 60'000);
    Policer policer({.bits_per_s = rate, .burst_bytes = burst});
    StageRecord record;
    auto bits = static_cast<long double>(burst * 8);
    std::int64_t now_ns = 0;
    std::int64_t before_ns = 0;
    std::vector<SegmentFate> expected;
    for (BufferId buffer = 0; buffer < 500; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 160'000'000'000'000 / rate));
      const OwnedPacket owned = conditioned_packet(buffer, random.between(1, 20'000));
      bits = std::min(static_cast<long double>(burst * 8),
                      bits + static_cast<long double>(now_ns - before_ns) *
                                 static_cast<long double>(rate) / 1e9L);
      before_ns = now_ns;
      for (std::uint16_t segment = 0; segment < owned.packet.segments(); ++segment) {
        const long double needed = wire_segment_bytes(owned.packet, segment) * 8;
        const bool passes = needed <= bits + 1e-9L;
        if (passes) bits -= needed;
        expected.push_back({buffer, segment, now_ns, !passes, false});
      }
      record.give(policer, owned.packet, now_ns);
    }
    std::vector<SegmentFate> fates = record.passed;
    fates.insert(fates.end(), record.dropped.begin(), record.dropped.end());
    std::sort(fates.begin(), fates.end(), [](const SegmentFate& left, const SegmentFate& right) {
      return std::pair(left.buffer, left.segment) < std::pair(right.buffer, right.segment);
    });
    ASSERT_EQ(fates, expected) << "rate " << rate << " burst " << burst;
    EXPECT_EQ(record.references(), 0);
    EXPECT_EQ(policer.details()->get(StageDetail::kOverRate), record.dropped.size());
    EXPECT_GT(record.dropped.size(), 0U);
  }
}

TEST(PolicerTest, MarksWhatCanBearItOrGivesAnotherDscp) {
  constexpr std::uint8_t kEct0 = 2;
  for (const bool capable : {true, false}) {
    Policer policer({.bits_per_s = 1'000'000, .burst_bytes = 2'100, .beyond = {kEcnMask, kEcnCe}});
    StageRecord record;
    record.give(policer, conditioned_packet(1, 5'000, capable ? kEct0 : 0).packet, 1);
    EXPECT_EQ(record.runs.front(), (SegmentRun{0, 2}));
    EXPECT_FALSE(record.passed[1].marked);
    EXPECT_EQ(record.passed.size(), capable ? 5U : 2U);
    EXPECT_EQ(record.dropped.size(), capable ? 0U : 3U);
    if (capable) {
      EXPECT_TRUE(record.passed[2].marked && record.passed[4].marked);
    }
    EXPECT_EQ(record.references(), 0);
  }
  Policer policer({.bits_per_s = 1'000'000, .burst_bytes = 2'100, .beyond = {kDscpMask, 8 << 2}});
  StageRecord record;
  const OwnedPacket packet = conditioned_packet(1, 5'000, 0xb8 | kEct0);
  record.give(policer, packet.packet, 1);
  ASSERT_EQ(record.packets.size(), 2U);
  EXPECT_EQ(traffic_class_of(record.packets[0]), 0xb8 | kEct0);
  EXPECT_EQ(traffic_class_of(record.packets[1]), (8 << 2) | kEct0);
}

TEST(RemarkTest, TheWrittenPacketIsTheOneWithThatTrafficClass) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(200); ++round) {
    const auto traffic_class = static_cast<std::uint8_t>(random.between(0, 255));
    const bool bleaches = random.chance(0.5);
    const auto dscp = static_cast<std::uint8_t>(random.between(0, 63));
    const TrafficClassChange change =
        bleaches ? TrafficClassChange{kEcnMask, 0}
                 : TrafficClassChange{kDscpMask, static_cast<std::uint8_t>(dscp << 2)};
    const auto expected = static_cast<std::uint8_t>(bleaches ? traffic_class & 0xfc
                                                             : (traffic_class & 3) | dscp << 2);
    const int ip_version = random.chance(0.5) ? 4 : 6;
    const std::size_t payload_bytes = random.between(1, 5'000);
    const OwnedPacket owned = conditioned_packet(1, payload_bytes, traffic_class, ip_version);
    const OwnedPacket wanted = conditioned_packet(1, payload_bytes, expected, ip_version);
    Remark remark(change);
    StageRecord record;
    record.give(remark, owned.packet, 1);
    ASSERT_EQ(record.packets.size(), 1U) << "it stays whole";
    const auto segments = static_cast<std::uint16_t>(owned.packet.segments());
    const auto first = static_cast<std::uint16_t>(random.between(0, segments - 1U));
    const std::array<SegmentRun, 2> runs{{{0, segments}, {first, segments}}};
    for (const SegmentRun run : runs) {
      HeaderSlot slot;
      std::array<iovec, kMaxRunPieces> pieces;
      Packet changed = record.packets[0];
      changed.run = run;
      const Frame written = gathered(std::span(pieces).first(build_run(changed, slot, pieces)));
      Packet plain = wanted.packet;
      plain.run = run;
      HeaderSlot other_slot;
      EXPECT_EQ(written, gathered(std::span(pieces).first(build_run(plain, other_slot, pieces))));
    }
  }
}

TEST(RemarkTest, ABleachedPacketIsMarkedNoMoreAndAnArpStaysAsItIs) {
  OwnedPacket owned = conditioned_packet(1, 100, 2);
  Remark remark({kEcnMask, 0});
  StageRecord record;
  mark_congestion(owned.packet);
  record.give(remark, owned.packet, 1);
  EXPECT_FALSE(record.passed[0].marked);
  EXPECT_FALSE(is_ecn_capable(record.packets[0])) << "a queue behind it drops";
  owned.packet.layers.ip_version = 0;
  owned.packet.traffic_class = {};
  record.give(remark, owned.packet, 1);
  EXPECT_FALSE(record.packets[1].traffic_class.any());
}

/// netem_dequeue() and get_slot_next(), with a clock that stands still while they work.
class NaiveSlot {
 public:
  NaiveSlot(const SlotConfig& config, const DelayConfig& interval)
      : config_(config), interval_(interval, kSlotKey) {}

  std::vector<std::int64_t> release_times(
      const std::vector<std::pair<std::int64_t, std::uint32_t>>& segments) {
    std::vector<std::int64_t> times;
    std::int64_t slot_next = -1;
    std::int64_t now = 0;
    for (const auto& [arrival_ns, bytes] : segments) {
      now = std::max(now, arrival_ns);
      if (slot_next < arrival_ns) slot_next = next(arrival_ns);
      now = std::max(now, slot_next);
      times.push_back(now);
      --packets_left_;
      bytes_left_ -= bytes;
      if (packets_left_ <= 0 || bytes_left_ <= 0) slot_next = next(now);
    }
    return times;
  }

 private:
  std::int64_t next(std::int64_t now) {
    packets_left_ =
        config_.packets == 0 ? 1'000'000'000 : static_cast<std::int64_t>(config_.packets);
    bytes_left_ = config_.bytes == 0 ? 1'000'000'000 : static_cast<std::int64_t>(config_.bytes);
    return now + interval_.delay_ns(drawn_++);
  }

  SlotConfig config_;
  Jitter interval_;
  std::uint64_t drawn_ = 0;
  std::int64_t packets_left_ = 0;
  std::int64_t bytes_left_ = 0;
};

TEST(SlotPropertyTest, EverySegmentLeavesWhenNetemLetsItOut) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(20); ++round) {
    SlotConfig config{.min_ns = 800'000, .max_ns = 5'000'000};
    DelayConfig interval{.delay_ns = 2'900'000, .jitter_ns = 2'100'000};
    if (random.chance(0.5)) {
      interval = {.delay_ns = 2'000'000, .jitter_ns = 500'000, .shape = JitterShape::kNormal};
      config = {.by_distribution = true, .distribution = interval};
    }
    if (random.chance(0.5)) config.packets = random.between(1, 40);
    if (random.chance(0.5)) config.bytes = random.between(1, 40'000);
    Slot slot(config, kSlotKey);
    StageRecord record;
    std::vector<std::pair<std::int64_t, std::uint32_t>> segments;
    Tally given;
    std::int64_t now_ns = 1;
    for (BufferId buffer = 0; buffer < 300; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 4'000'000));
      record.run(slot, now_ns);
      const OwnedPacket owned = conditioned_packet(buffer, random.between(1, 12'000));
      for (std::uint16_t segment = 0; segment < owned.packet.segments(); ++segment)
        segments.emplace_back(now_ns, wire_segment_bytes(owned.packet, segment));
      given += tally_of(owned.packet);
      record.give(slot, owned.packet, now_ns);
      ASSERT_EQ(given, record.passed_tally + slot.queued());
    }
    record.run(slot, now_ns + 3600 * std::int64_t{1'000'000'000});
    std::vector<std::int64_t> times;
    for (const SegmentFate& one : record.passed) times.push_back(one.when_ns);
    ASSERT_EQ(times, NaiveSlot(config, interval).release_times(segments));
    EXPECT_EQ(record.references(), 0);
    EXPECT_EQ(slot.queued(), Tally{});
    EXPECT_GT(slot.details()->get(StageDetail::kSlots), 50U);
  }
}

TEST(SlotTest, WhatGathersLeavesTogether) {
  Slot slot({.min_ns = 1'000'000, .max_ns = 1'000'000}, kSlotKey);
  StageRecord record;
  record.give(slot, conditioned_packet(1, 10'000).packet, 100);
  record.give(slot, conditioned_packet(2, 10'000).packet, 900'000);
  EXPECT_EQ(slot.next_deadline_ns(), 1'000'100);
  record.run(slot, 2'000'000);
  ASSERT_EQ(record.runs, (std::vector<SegmentRun>{{0, 10}, {0, 10}})) << "whole";
  EXPECT_EQ(record.passed.back().when_ns, 1'000'100);
}

}  // namespace
}  // namespace tunrelay::test
