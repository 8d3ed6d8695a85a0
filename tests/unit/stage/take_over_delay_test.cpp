// SPDX-License-Identifier: MIT
// Delays, slots and policers that take the place of others: what they hold keeps its time and its
// order.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "stage/delay.hpp"
#include "stage/policer.hpp"
#include "stage/slot.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"
#include "take_over_fixture.hpp"

namespace tunrelay::test {
namespace {

std::unique_ptr<Stage> delay_of(const DelayConfig& config) {
  return std::make_unique<Delay>(config, kAnyKey, std::make_shared<SegmentNumbers>());
}

TEST(TakeOverDelayTest, ADelayKeepsTimesAndOrder) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(20); ++round) {
    DelayConfig config{.delay_ns = 50'000'000};
    auto stage = delay_of(config);
    StageRecord record;
    std::vector<std::int64_t> due_ns;
    std::int64_t earliest_ns = 0;
    std::int64_t now_ns = kBeginNs;
    for (BufferId buffer = 0; buffer < 200; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 5'000'000));
      record.run(*stage, now_ns);
      if (random.chance(0.2)) {
        config.delay_ns = static_cast<std::int64_t>(random.between(0, 80'000'000));
        const Tally queued = stage->queued();
        change(stage, delay_of(config), now_ns);
        ASSERT_EQ(stage->queued(), queued);
        if (!due_ns.empty()) earliest_ns = due_ns.back();
      }
      record.give(*stage, flow_packet(buffer, 0, 100).packet, now_ns);
      due_ns.push_back(std::max(earliest_ns, now_ns + config.delay_ns));
    }
    record.run(*stage, now_ns + kNanosecondsPerSecond);
    ASSERT_EQ(record.passed.size(), due_ns.size());
    for (std::size_t at = 0; at < due_ns.size(); ++at) {
      ASSERT_EQ(record.passed[at].buffer, at) << "no change reorders";
      ASSERT_EQ(record.passed[at].when_ns, due_ns[at]);
    }
    EXPECT_EQ(record.references(), 0);
  }
}

TEST(TakeOverDelayTest, WithJitterNothingOvertakesWhatCameBeforeAChange) {
  SeededRandom random;
  auto stage = delay_of({.delay_ns = 20'000'000, .jitter_ns = 15'000'000});
  StageRecord record;
  std::map<BufferId, int> generation_of;
  int generation = 0;
  std::int64_t now_ns = kBeginNs;
  for (BufferId buffer = 0; buffer < 2000; ++buffer) {
    now_ns += static_cast<std::int64_t>(random.between(0, 500'000));
    record.run(*stage, now_ns);
    if (buffer % 100 == 99) {
      change(stage,
             delay_of({.delay_ns = static_cast<std::int64_t>(random.between(1, 40'000'000)),
                       .jitter_ns = 5'000'000}),
             now_ns);
      ++generation;
    }
    generation_of[buffer] = generation;
    record.give(*stage, flow_packet(buffer, 0, 100).packet, now_ns);
  }
  record.run(*stage, now_ns + kNanosecondsPerSecond);
  ASSERT_EQ(record.passed.size(), 2000U);
  int last = 0;
  for (const SegmentFate& one : record.passed) {
    ASSERT_GE(generation_of[one.buffer], last);
    last = generation_of[one.buffer];
  }
}

TEST(TakeOverDelayTest, ASlotKeepsWhatItHolds) {
  std::unique_ptr<Stage> stage =
      std::make_unique<Slot>(SlotConfig{.min_ns = 10'000'000, .max_ns = 10'000'000}, kAnyKey);
  StageRecord record;
  for (BufferId buffer = 0; buffer < 3; ++buffer)
    record.give(*stage, flow_packet(buffer, 0, 100).packet, kBeginNs);
  change(stage,
         std::make_unique<Slot>(SlotConfig{.min_ns = 1'000'000, .max_ns = 1'000'000}, kAnyKey),
         kBeginNs + 1'000'000);
  record.give(*stage, flow_packet(3, 0, 100).packet, kBeginNs + 2'000'000);
  record.run(*stage, kBeginNs + kNanosecondsPerSecond);
  ASSERT_EQ(record.passed.size(), 4U);
  for (BufferId buffer = 0; buffer < 4; ++buffer) {
    EXPECT_EQ(record.passed[buffer].buffer, buffer);
    EXPECT_EQ(record.passed[buffer].when_ns, kBeginNs + 10'000'000) << "the slot that was drawn";
  }
  EXPECT_EQ(stage->queued(), Tally{});
  EXPECT_EQ(record.references(), 0);
}

TEST(TakeOverDelayTest, APolicersTokensStay) {
  const auto policer = [](std::uint64_t bits_per_s, std::uint64_t burst_bytes) {
    return std::make_unique<Policer>(PolicerConfig{
        .bits_per_s = bits_per_s, .burst_bytes = burst_bytes, .wire = {}, .beyond = {}});
  };
  std::unique_ptr<Stage> stage = policer(8'000'000, 10'000);
  StageRecord record;
  for (BufferId buffer = 0; buffer < 12; ++buffer)
    record.give(*stage, flow_packet(buffer, 0, 960).packet, kBeginNs);
  EXPECT_EQ(record.passed.size(), 10U);
  change(stage, policer(8'000'000, 100'000), kBeginNs);
  record.give(*stage, flow_packet(12, 0, 960).packet, kBeginNs);
  EXPECT_EQ(record.passed.size(), 10U) << "a larger bucket is not a full one";
  record.give(*stage, flow_packet(13, 0, 960).packet, kBeginNs + kNanosecondsPerMillisecond);
  EXPECT_EQ(record.passed.size(), 11U);
  EXPECT_EQ(stage->details()->get(StageDetail::kOverRate), 3U) << "all are counted";
}

}  // namespace
}  // namespace tunrelay::test
