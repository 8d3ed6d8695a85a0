// SPDX-License-Identifier: MIT
// Bottlenecks that take the place of others while packets wait in them: nothing is lost, doubled or
// disordered by that, and times are those of a naive reference that changes too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <list>
#include <map>

#include "stage/bottleneck.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"
#include "take_over_fixture.hpp"

namespace tunrelay::test {
namespace {

std::unique_ptr<LinkPace> rate_of(std::uint64_t bits_per_s, std::uint64_t burst_bytes = 0) {
  return std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, bits_per_s}}, 0, kBeginNs,
                                    burst_bytes);
}

std::unique_ptr<Stage> bottleneck(std::uint64_t bits_per_s, const QueueConfig& queue = {},
                                  WireSize wire = {}, std::uint64_t burst_bytes = 0) {
  return std::make_unique<Bottleneck>(
      rate_of(bits_per_s, burst_bytes),
      Bottleneck::Settings{.queue = queue, .wire = wire, .seed = 1, .gather_ns = 0});
}

/// One wire segment after the other; what is left of the one on the link goes on at a new rate.
class NaiveChangingLink {
 public:
  explicit NaiveChangingLink(std::uint64_t bits_per_s) : bits_per_s_(bits_per_s) {}

  void arrive(const Packet& packet, std::int64_t now_ns) {
    for (std::uint16_t segment = 0; segment < packet.segments(); ++segment)
      waiting_.push_back({packet.buffer, segment, wire_segment_bytes(packet, segment), now_ns});
  }
  void serve_until(std::int64_t now_ns) {
    while (!waiting_.empty()) {
      Waiting& next = waiting_.front();
      const std::int64_t begin_ns = std::max(free_ns_, next.arrival_ns);
      if (begin_ns > now_ns) return;
      if (begin_ns > free_ns_ || !is_busy_) begin_busy_time(begin_ns);
      busy_bits_ += std::uint64_t{next.bytes} * 8;
      is_busy_ = true;
      free_ns_ = busy_since_ns_ + static_cast<std::int64_t>(
                                      (busy_bits_ * 1'000'000'000 + bits_per_s_ - 1) / bits_per_s_);
      served.push_back({next.buffer, next.segment, free_ns_});
      waiting_.pop_front();
    }
  }
  void change_rate(std::uint64_t bits_per_s, std::int64_t now_ns) {
    serve_until(now_ns);
    if (free_ns_ > now_ns) {
      const auto left_bits = static_cast<std::uint64_t>(
          std::llround(static_cast<double>(bits_per_s_) * static_cast<double>(free_ns_ - now_ns) /
                       1'000'000'000));
      begin_busy_time(now_ns);
      busy_bits_ = std::max<std::uint64_t>(1, (left_bits + 7) / 8) * 8;
      free_ns_ = now_ns + static_cast<std::int64_t>((busy_bits_ * 1'000'000'000 + bits_per_s - 1) /
                                                    bits_per_s);
      served.back().due_ns = free_ns_;
    } else {
      is_busy_ = false;
    }
    bits_per_s_ = bits_per_s;
  }

  struct Due {
    BufferId buffer = 0;
    std::uint16_t segment = 0;
    std::int64_t due_ns = 0;
  };
  std::vector<Due> served;

 private:
  struct Waiting {
    BufferId buffer = 0;
    std::uint16_t segment = 0;
    std::uint32_t bytes = 0;
    std::int64_t arrival_ns = 0;
  };
  void begin_busy_time(std::int64_t begin_ns) {
    busy_since_ns_ = begin_ns;
    busy_bits_ = 0;
  }

  std::uint64_t bits_per_s_;
  std::deque<Waiting> waiting_;
  std::int64_t free_ns_ = 0;
  std::int64_t busy_since_ns_ = 0;
  std::uint64_t busy_bits_ = 0;
  bool is_busy_ = false;
};

TEST(TakeOverTest, ARateThatChangesServesEverySegmentAtTheNaiveTime) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(20); ++round) {
    std::uint64_t rate = random.between(1'000'000, 1'000'000'000);
    const QueueConfig queue{.limit = 60'000};
    auto stage = bottleneck(rate, queue);
    NaiveChangingLink naive(rate);
    StageRecord record;
    std::int64_t now_ns = kBeginNs;
    Tally given;
    for (BufferId buffer = 0; buffer < 200; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 3'000'000));
      record.run(*stage, now_ns);
      if (random.chance(0.3)) {
        const Tally queued = stage->queued();
        rate = random.between(1'000'000, 1'000'000'000);
        change(stage, bottleneck(rate, queue), now_ns);
        naive.change_rate(rate, now_ns);
        ASSERT_EQ(stage->queued(), queued) << "the backlog is kept";
        ASSERT_EQ(record.dropped.size(), 0U);
        continue;
      }
      const OwnedPacket owned = flow_packet(buffer, 0, random.between(1, 20'000));
      given += tally_of(owned.packet);
      record.give(*stage, owned.packet, now_ns);
      naive.serve_until(now_ns);
      naive.arrive(owned.packet, now_ns);
      naive.serve_until(now_ns);
    }
    record.run(*stage, now_ns + 1000 * kNanosecondsPerSecond);
    naive.serve_until(now_ns + 1000 * kNanosecondsPerSecond);
    EXPECT_EQ(record.references(), 0);
    EXPECT_EQ(record.passed_tally, given);
    ASSERT_EQ(record.passed.size(), naive.served.size());
    for (std::size_t at = 0; at < naive.served.size(); ++at) {
      ASSERT_EQ(record.passed[at].buffer, naive.served[at].buffer) << at;
      ASSERT_EQ(record.passed[at].segment, naive.served[at].segment) << at;
      ASSERT_EQ(record.passed[at].when_ns, naive.served[at].due_ns) << at;
    }
  }
}

TEST(TakeOverTest, ALinkThatStoodStillGoesOn) {
  const auto standing = [] {
    return std::make_unique<Bottleneck>(
        std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 8'000'000}, {500'000, 0}}, 0,
                                   kBeginNs, 0),
        Bottleneck::Settings{.queue = {}, .wire = {}, .seed = 1, .gather_ns = 0});
  };
  // 1000 bytes need 1 ms at 8 Mbit/s: half of them are through when it stops for ever.
  std::unique_ptr<Stage> stage = standing();
  StageRecord record;
  for (BufferId buffer = 0; buffer < 2; ++buffer)
    record.give(*stage, flow_packet(buffer, 0, 960).packet, kBeginNs);
  record.run(*stage, kBeginNs + kNanosecondsPerSecond);
  EXPECT_TRUE(record.passed.empty());
  EXPECT_EQ(stage->next_deadline_ns(), Stage::kNoDeadline);
  change(stage, bottleneck(8'000'000), kBeginNs + kNanosecondsPerSecond);
  record.run(*stage, kBeginNs + 2 * kNanosecondsPerSecond);
  ASSERT_EQ(record.passed.size(), 2U);
  EXPECT_EQ(record.passed[0].when_ns, kBeginNs + kNanosecondsPerSecond + 500'000);
  EXPECT_EQ(record.passed[1].when_ns, kBeginNs + kNanosecondsPerSecond + 1'500'000);
  EXPECT_EQ(record.references(), 0);
}

TEST(TakeOverTest, AChangeGivesNoBurst) {
  constexpr std::uint64_t kBurstBytes = 10'000;
  auto stage = bottleneck(8'000'000, {}, {}, kBurstBytes);
  StageRecord record;
  for (BufferId buffer = 0; buffer < 40; ++buffer)
    record.give(*stage, flow_packet(buffer, 0, 960).packet, kBeginNs);
  EXPECT_EQ(record.passed.size(), 10U) << "the burst of an idle link";
  for (int change_number = 1; change_number <= 10; ++change_number) {
    const std::int64_t now_ns = kBeginNs + change_number * kNanosecondsPerMillisecond;
    record.run(*stage, now_ns);
    change(stage, bottleneck(8'000'000, {}, {}, kBurstBytes), now_ns);
    EXPECT_EQ(record.passed.size(), 10U + static_cast<std::size_t>(change_number));
  }
}

/// Whether the segments of each flow (a buffer's number modulo FLOWS) have left in their order.
void expect_order_of_flows(const StageRecord& record, std::size_t flows) {
  std::map<std::size_t, std::pair<BufferId, std::uint16_t>> last;
  for (const SegmentFate& one : record.passed) {
    const std::pair<BufferId, std::uint16_t> place{one.buffer, one.segment};
    const auto [found, is_new] = last.try_emplace(one.buffer % flows, place);
    if (is_new) continue;
    ASSERT_LT(found->second, place);
    found->second = place;
  }
}

/// Random changes of a queue's parameters; KINDS are changed among each other.
void change_queues_at_random(const std::vector<QueueKind>& kinds) {
  constexpr std::uint16_t kFlows = 5;
  SeededRandom random;
  const auto any_queue = [&] {
    QueueConfig queue{.kind = kinds[random.between(0, kinds.size() - 1)],
                      .limit_unit = static_cast<QueueLimitUnit>(random.between(0, 2)),
                      .limit = 0,
                      .ecn = random.chance(0.5)};
    if (queue.kind == QueueKind::kFqCodel && random.chance(0.3)) queue.flows = 3;
    constexpr std::array<std::uint64_t, 3> kMaxLimits{3000, 1'000'000, 100'000'000};
    queue.limit = random.between(10, kMaxLimits.at(static_cast<std::size_t>(queue.limit_unit)));
    if (random.chance(0.5)) queue.target_ns = 2'000'000;
    return queue;
  };
  for (std::size_t round = 0; round < scaled(20); ++round) {
    std::list<OwnedPacket> packets;  // a queue reads what it holds, to mark it
    auto stage = bottleneck(random.between(1'000'000, 100'000'000), any_queue());
    StageRecord record;
    std::int64_t now_ns = kBeginNs;
    Tally given;
    for (BufferId buffer = 0; buffer < 300; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 2'000'000));
      record.run(*stage, now_ns);
      const OwnedPacket& owned = packets.emplace_back(
          flow_packet(buffer, static_cast<std::uint16_t>(buffer % kFlows),
                      random.between(1, 20'000), static_cast<std::uint8_t>(buffer % 4)));
      given += tally_of(owned.packet);
      record.give(*stage, owned.packet, now_ns);
      if (random.chance(0.3)) {
        const Tally queued = stage->queued();
        const std::size_t dropped = record.dropped.size();
        const WireSize wire = random.chance(0.5) ? WireSize{24, 0, 0} : WireSize{8, 48, 5};
        change(stage, bottleneck(random.between(1'000'000, 100'000'000), any_queue(), wire),
               now_ns);
        ASSERT_EQ(stage->queued(), queued);
        ASSERT_EQ(record.dropped.size(), dropped);
      }
      ASSERT_EQ(given, record.passed_tally + record.dropped_tally + stage->queued());
    }
    record.run(*stage, now_ns + 1000 * kNanosecondsPerSecond);
    EXPECT_EQ(stage->queued(), Tally{});
    EXPECT_EQ(record.references(), 0);
    EXPECT_EQ(given, record.passed_tally + record.dropped_tally);
    // dualpi2's two queues overtake each other: there a flow is of one class.
    const bool has_dual = std::find(kinds.begin(), kinds.end(), QueueKind::kDualPi2) != kinds.end();
    expect_order_of_flows(record, has_dual ? 20 : kFlows);
  }
}

TEST(TakeOverTest, QueuesOfOneListKeepAllAndItsOrder) {
  change_queues_at_random({QueueKind::kDropTail, QueueKind::kDropHead, QueueKind::kInfinite,
                           QueueKind::kCodel, QueueKind::kPie, QueueKind::kRed});
}
TEST(TakeOverTest, FlowQueuesKeepAllAndItsOrder) {
  change_queues_at_random({QueueKind::kFqCodel});
}
TEST(TakeOverTest, DualQueuesKeepAllAndItsOrder) {
  change_queues_at_random({QueueKind::kDualPi2});
}

TEST(TakeOverTest, QueuesOfAllClassesKeepAllAndTheOrderOfEachFlow) {
  change_queues_at_random({QueueKind::kDropTail, QueueKind::kFqCodel, QueueKind::kInfinite,
                           QueueKind::kPie, QueueKind::kRed, QueueKind::kCodel});
  // A mark that PIE or RED made before is one that dualpi2 goes by: it is not among them.
  change_queues_at_random({QueueKind::kDualPi2, QueueKind::kDropTail, QueueKind::kFqCodel,
                           QueueKind::kDropHead, QueueKind::kCodel});
}

TEST(TakeOverTest, AFlowThatSendsLittleGoesFirstOnceFlowsHaveQueues) {
  auto stage = bottleneck(8'000'000);
  StageRecord record;
  std::list<OwnedPacket> packets;  // a flow is known by what they hold
  for (BufferId buffer = 0; buffer <= 100; ++buffer)
    record.give(*stage,
                packets
                    .emplace_back(
                        flow_packet(buffer, static_cast<std::uint16_t>(buffer == 100 ? 2 : 1), 960))
                    .packet,
                kBeginNs);
  change(stage, bottleneck(8'000'000, {.kind = QueueKind::kFqCodel}), kBeginNs);
  EXPECT_EQ(stage->queued().packets, 101U);
  record.run(*stage, kBeginNs + kNanosecondsPerSecond);
  ASSERT_EQ(record.passed.size() + record.dropped.size(), 101U);
  const auto place = std::find_if(record.passed.begin(), record.passed.end(),
                                  [](const SegmentFate& one) { return one.buffer == 100; });
  EXPECT_LT(place - record.passed.begin(), 5);
}

TEST(TakeOverTest, WhatASmallerQueueHoldsFitsALargerOne) {
  auto stage = bottleneck(1'000'000, {.limit = 900});
  StageRecord record;
  for (BufferId buffer = 0; buffer < 900; ++buffer)
    record.give(*stage, flow_packet(buffer, 0, 100).packet, kBeginNs);
  ASSERT_TRUE(record.dropped.empty());
  change(stage, bottleneck(1'000'000, {.limit = 60'000}), kBeginNs);
  for (BufferId buffer = 900; buffer < 5000; ++buffer)
    record.give(*stage, flow_packet(buffer, 0, 100).packet, kBeginNs);
  EXPECT_TRUE(record.dropped.empty());
  // And the other way: what waits waits on, what comes is dropped.
  change(stage, bottleneck(1'000'000, {.limit = 10}), kBeginNs);
  EXPECT_TRUE(record.dropped.empty());
  record.give(*stage, flow_packet(5000, 0, 100).packet, kBeginNs);
  EXPECT_EQ(record.dropped.size(), 1U);
  record.run(*stage, kBeginNs + 100 * kNanosecondsPerSecond);
  ASSERT_EQ(record.passed.size(), 5000U);
  for (std::size_t at = 0; at < record.passed.size(); ++at) ASSERT_EQ(record.passed[at].buffer, at);
}

TEST(TakeOverTest, RulesWithTheSameParametersGoOn) {
  const QueueConfig codel{.kind = QueueKind::kCodel};
  const auto drops_with_changes_each = [&](std::int64_t interval_ns) {
    auto stage = bottleneck(2'000'000, codel);
    StageRecord record;
    std::int64_t next_ns = kBeginNs + interval_ns;
    for (BufferId buffer = 0; buffer < 3000; ++buffer) {
      const std::int64_t now_ns = kBeginNs + std::int64_t{buffer} * kNanosecondsPerMillisecond;
      record.run(*stage, now_ns);
      if (now_ns >= next_ns) {
        change(stage, bottleneck(2'000'000, codel), now_ns);
        next_ns += interval_ns;
      }
      record.give(*stage, flow_packet(buffer, 0, 960).packet, now_ns);
    }
    return record.dropped.size();
  };
  const std::size_t unchanged = drops_with_changes_each(3600 * kNanosecondsPerSecond);
  EXPECT_GT(unchanged, 20U);
  EXPECT_GT(drops_with_changes_each(50 * kNanosecondsPerMillisecond), unchanged / 2)
      << "a change in each interval would keep CoDel from ever dropping";
}

}  // namespace
}  // namespace tunrelay::test
