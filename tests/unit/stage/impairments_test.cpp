// SPDX-License-Identifier: MIT
// The impairing stages over runs of several segments: what the receiver sees, segment by segment,
// against the naive segmenter; the accounts; and that decisions go by number alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "impairment_fixture.hpp"
#include "packet/checksum.hpp"
#include "stage/corrupt.hpp"
#include "stage/delay.hpp"
#include "stage/duplicate.hpp"
#include "stage/loss.hpp"

namespace tunrelay::test {
namespace {

constexpr std::int64_t kNow = 1'000'000'000;
constexpr std::int64_t kMillisecond = 1'000'000;

void expect_balanced(const SegmentedPackets& packets, const StageRecord& record,
                     const Tally& queued = {}) {
  EXPECT_EQ(packets.tally() + record.made_tally,
            record.passed_tally + record.dropped_tally + queued);
  if (queued == Tally{}) {
    EXPECT_EQ(record.references(), 0) << "a buffer is still referenced";
  }
}

/// Which of COUNT segments are hit, as the stage's own sequence says.
std::vector<bool> hits_among(HitSequence& sequence, std::size_t count) {
  std::vector<bool> hits(count);
  for (std::uint64_t at = sequence.next(0, count); at < count; at = sequence.next(at + 1, count))
    hits[at] = true;
  return hits;
}

TEST(LossStage, LosesJustTheSegmentsOfItsSequenceAndTheRestIsAsItWas) {
  SeededRandom random;
  for (std::size_t times = scaled(20); times > 0; --times) {
    const auto packets = SegmentedPackets::random(random, 600);
    const LossConfig config = BernoulliLoss{random.chance(0.5) ? 0.02 : 0.5, 0};
    Loss loss(config, kSomeKey, new_numbers());
    StageRecord record;
    packets.give(loss, record, kNow, random);
    const std::vector<bool> lost = hits_among(*make_loss_hits(config, kSomeKey), 600);
    std::vector<Bytes> expected;
    const std::vector<Bytes> all = packets.wire_frames();
    for (std::size_t at = 0; at < all.size(); ++at)
      if (!lost[at]) expected.push_back(all[at]);
    ASSERT_EQ(wire_frames_of(record.packets), expected);
    expect_balanced(packets, record);
  }
}

TEST(LossStage, SurvivorsLeaveInTheLongestRuns) {
  const SegmentedPackets packets({45, 45});
  Loss loss(ListedLoss{{8, 46}}, kSomeKey, new_numbers());
  StageRecord record;
  SeededRandom random;
  packets.give(loss, record, kNow, random);
  EXPECT_EQ(record.runs, (std::vector<SegmentRun>{{0, 7}, {8, 45}, {1, 45}}));
}

TEST(LossStage, TheLanesOfADirectionDecideTogether) {
  SeededRandom random;
  const auto packets = SegmentedPackets::random(random, 2000);
  const LossConfig config = GilbertElliottLoss{0.05, 0.3, 1, 0};
  for (const std::size_t lanes : {1U, 2U, 4U}) {
    const auto numbers = new_numbers();
    std::vector<std::unique_ptr<Loss>> stages;
    for (std::size_t lane = 0; lane < lanes; ++lane)
      stages.push_back(std::make_unique<Loss>(config, kSomeKey, numbers));
    StageRecord record;
    std::size_t at = 0;
    for (const Packet& packet : packets.packets()) record.give(*stages[at++ % lanes], packet, kNow);
    const std::vector<bool> lost = hits_among(*make_loss_hits(config, kSomeKey), 2000);
    EXPECT_EQ(record.dropped.size(),
              static_cast<std::size_t>(std::count(lost.begin(), lost.end(), true)));
    std::uint64_t number = 0;
    std::size_t passed = 0;
    for (const Packet& packet : packets.packets())
      for (std::uint16_t segment = 0; segment < packet.run.last; ++segment)
        if (!lost[number++]) {
          ASSERT_EQ(record.passed[passed].buffer, packet.buffer);
          ASSERT_EQ(record.passed[passed++].segment, segment);
        }
  }
}

TEST(DuplicateStage, ACopyComesRightBehindAndIsCountedAsMade) {
  SeededRandom random;
  const auto packets = SegmentedPackets::random(random, 600);
  const DuplicateConfig config{.probability = 0.2};
  Duplicate duplicate(config, kSomeKey, new_numbers());
  StageRecord record;
  packets.give(duplicate, record, kNow, random);
  const std::vector<bool> twice = hits_among(*make_chance_hits(0.2, 0, kSomeKey), 600);
  std::vector<Bytes> expected;
  const std::vector<Bytes> all = packets.wire_frames();
  for (std::size_t at = 0; at < all.size(); ++at) {
    expected.push_back(all[at]);
    if (twice[at]) expected.push_back(all[at]);
  }
  EXPECT_EQ(wire_frames_of(record.packets), expected);
  EXPECT_EQ(record.made_tally.segments,
            static_cast<std::uint64_t>(std::count(twice.begin(), twice.end(), true)));
  expect_balanced(packets, record);
}

/// Bits that differ between two frames of one length.
std::size_t bits_apart(const Bytes& left, const Bytes& right) {
  std::size_t bits = 0;
  for (std::size_t at = 0; at < left.size(); ++at)
    bits += static_cast<std::size_t>(
        __builtin_popcount(std::to_integer<unsigned>(left[at] ^ right[at])));
  return bits;
}

TEST(CorruptStage, FlipsABitOfItsSegmentsAndOfNoOthers) {
  SeededRandom random;
  const auto packets = SegmentedPackets::random(random, 600);
  const std::vector<Bytes> before = packets.wire_frames();
  Corrupt corrupt({.probability = 0.3}, kSomeKey, new_numbers());
  StageRecord record;
  packets.give(corrupt, record, kNow, random);
  const std::vector<bool> hit = hits_among(*make_chance_hits(0.3, 0, kSomeKey), 600);
  const std::vector<Bytes> after = wire_frames_of(record.packets);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t at = 0; at < after.size(); ++at) {
    ASSERT_EQ(after[at].size(), before[at].size());
    EXPECT_EQ(bits_apart(after[at], before[at]), hit[at] ? 1U : 0U) << "segment " << at;
  }
  EXPECT_EQ(packets.wire_frames(), before) << "what was read is shared, and stays";
  expect_balanced(packets, record);
}

TEST(CorruptStage, AMendedChecksumHidesItFromTheReceiver) {
  SeededRandom random;
  for (const bool keeps_valid : {true, false}) {
    const auto packets = SegmentedPackets::random(random, 300);
    const std::vector<Bytes> before = packets.wire_frames();
    Corrupt corrupt({.probability = 1, .bits = 6, .keep_checksum_valid = keeps_valid}, kSomeKey,
                    new_numbers());
    StageRecord record;
    packets.give(corrupt, record, kNow, random);
    ASSERT_EQ(record.packets.size(), before.size());
    std::size_t valid = 0;
    std::size_t changed = 0;
    for (std::size_t at = 0; at < before.size(); ++at) {
      const Packet& packet = record.packets[at];
      if (!std::equal(packet.bytes().begin(), packet.bytes().end(), before[at].begin())) ++changed;
      const OwnedPacket seen({packet.header, {packet.bytes().begin(), packet.bytes().end()}},
                             LinkLimits{});
      if (!seen.fault && check_transport_checksum(seen.packet) == TransportChecksum::kValid)
        ++valid;
      if (keeps_valid) {
        EXPECT_TRUE(std::equal(before[at].begin(), before[at].begin() + 36, packet.frame));
      }
    }
    EXPECT_GE(changed, before.size() * 9 / 10) << "two flips of one bit undo each other";
    const std::size_t least = keeps_valid ? before.size() : 0;
    const std::size_t most = keeps_valid ? before.size() : before.size() / 4;
    EXPECT_GE(valid, least);
    EXPECT_LE(valid, most);
  }
}

TEST(CorruptStage, DropsWhatItHasNoMemoryFor) {
  const SegmentedPackets packets({10});
  Corrupt corrupt({.probability = 1}, kSomeKey, new_numbers());
  StageRecord record;
  record.spaces_left = 4;
  SeededRandom random;
  packets.give(corrupt, record, kNow, random);
  EXPECT_EQ(record.passed.size(), 4U);
  EXPECT_EQ(record.dropped.size(), 6U);
  expect_balanced(packets, record);
}

TEST(DelayStage, QueuesWholePacketsForTheirTime) {
  const SegmentedPackets packets({45, 1, 45});
  Delay delay({.delay_ns = 10 * kMillisecond}, kSomeKey, new_numbers());
  StageRecord record;
  record.give(delay, packets.packets()[0], kNow);
  record.give(delay, packets.packets()[1], kNow + 5);
  record.give(delay, packets.packets()[2], kNow + 9);
  EXPECT_EQ(delay.next_deadline_ns(), kNow + 10 * kMillisecond);
  EXPECT_TRUE(record.passed.empty());
  expect_balanced(packets, record, delay.queued());
  record.run(delay, kNow + 10 * kMillisecond + 5);
  EXPECT_EQ(record.runs, (std::vector<SegmentRun>{{0, 45}, {0, 1}}));
  record.run(delay, kNow + kMillisecond * 100);
  EXPECT_EQ(record.passed.back().when_ns, kNow + 10 * kMillisecond + 9);
  EXPECT_EQ(delay.next_deadline_ns(), Stage::kNoDeadline);
  EXPECT_EQ(wire_frames_of(record.packets), packets.wire_frames());
  expect_balanced(packets, record);
}

TEST(DelayStage, EachSegmentHasTheJitterOfItsNumber) {
  SeededRandom random;
  const DelayConfig config{.delay_ns = 10 * kMillisecond, .jitter_ns = 3 * kMillisecond};
  const auto packets = SegmentedPackets::random(random, 900);
  Delay delay(config, kSomeKey, new_numbers());
  StageRecord record;
  packets.give(delay, record, kNow, random);
  record.run(delay, kNow + 100 * kMillisecond);
  ASSERT_EQ(record.passed.size(), 900U);
  Jitter jitter(config, kSomeKey);
  std::vector<SegmentFate> expected;
  std::uint64_t number = 0;
  for (const Packet& packet : packets.packets())
    for (std::uint16_t segment = 0; segment < packet.run.last; ++segment)
      expected.push_back({packet.buffer, segment, kNow + jitter.delay_ns(number++), false, false});
  std::stable_sort(expected.begin(), expected.end(), [](const auto& left, const auto& right) {
    return left.when_ns < right.when_ns;
  });
  EXPECT_EQ(record.passed, expected);
  expect_balanced(packets, record);
}

TEST(DelayStage, KeepsTheOrderWhereRequested) {
  SeededRandom random;
  const auto packets = SegmentedPackets::random(random, 900);
  Delay delay({.delay_ns = 10 * kMillisecond,
               .jitter_ns = 5 * kMillisecond,
               .shape = JitterShape::kNormal,
               .keep_order = true},
              kSomeKey, new_numbers());
  StageRecord record;
  packets.give(delay, record, kNow, random);
  record.run(delay, kNow + 1000 * kMillisecond);
  EXPECT_EQ(wire_frames_of(record.packets), packets.wire_frames());
  EXPECT_LT(record.runs.size(), 300U) << "those that wait for one before leave with it";
  expect_balanced(packets, record);
}

TEST(DelayStage, WhatOvertakesGoesAtOnce) {
  const SegmentedPackets packets({45});
  const ReorderConfig reorder{.probability = 1, .gap = 5};
  Delay delay({.delay_ns = kMillisecond, .reorder = reorder}, kSomeKey, new_numbers());
  StageRecord record;
  SeededRandom random;
  packets.give(delay, record, kNow, random);
  ASSERT_EQ(record.passed.size(), 9U) << "every fifth";
  EXPECT_EQ(record.passed[0].segment, 4);
  record.run(delay, kNow + kMillisecond);
  EXPECT_EQ(record.passed.size(), 45U);
  expect_balanced(packets, record);
}

TEST(DelayStage, NoDelayIsNoWait) {
  const SegmentedPackets packets({3, 1});
  Delay delay({}, kSomeKey, new_numbers());
  StageRecord record;
  SeededRandom random;
  packets.give(delay, record, kNow, random);
  EXPECT_EQ(record.passed.size(), 4U);
  expect_balanced(packets, record);
}

TEST(DelayStage, DropsWhatItHasNoRoomFor) {
  const SegmentedPackets packets({45});
  Delay delay({.delay_ns = 10 * kMillisecond, .jitter_ns = kMillisecond}, kSomeKey, new_numbers(),
              20);
  StageRecord record;
  SeededRandom random;
  packets.give(delay, record, kNow, random);
  EXPECT_EQ(record.dropped.size(), 25U);
  record.run(delay, kNow + 100 * kMillisecond);
  EXPECT_EQ(record.passed.size(), 20U);
  expect_balanced(packets, record);
}

}  // namespace
}  // namespace tunrelay::test
