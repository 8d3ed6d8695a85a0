// SPDX-License-Identifier: MIT
// CoDel against the pseudo-code of its RFC, PIE by what it is for, and both at a bottleneck.
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "stage/bottleneck.hpp"
#include "stage/codel.hpp"
#include "stage/pie.hpp"
#include "support/naive_queues.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint32_t kPacketBytes = 1000;

TEST(CodelPropertyTest, DropsWhatTheRfcDrops) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(20); ++round) {
    NaiveCodel reference;
    Codel codel(kCodelTargetNs, kCodelIntervalNs);
    std::deque<NaiveQueuedPacket> queue;
    std::vector<int> dropped;
    std::int64_t now_ns = kNanosecondsPerSecond;
    // Loads that change from half of the link to twice as much, so that it starts and stops.
    double load = 1;
    double owed = 0;
    int number = 0;
    for (int turn = 0; turn < 20'000; ++turn) {
      now_ns += 1'000'000;
      if (random.chance(0.002)) load = static_cast<double>(random.between(5, 20)) / 10;
      for (owed += load; owed >= 1; owed -= 1) {
        const NaiveQueuedPacket packet{number++, now_ns - 10, kPacketBytes};
        reference.queue.push_back(packet);
        queue.push_back(packet);
      }
      const auto expected = reference.dequeue(now_ns);
      std::optional<NaiveQueuedPacket> taken;
      while (!taken && !queue.empty()) {
        const NaiveQueuedPacket head = queue.front();
        queue.pop_front();
        const QueueVerdict verdict =
            codel.on_departure({.now_ns = now_ns,
                                .waited_ns = now_ns - head.arrival_ns,
                                .backlog_bytes = queue.size() * kPacketBytes});
        if (verdict == QueueVerdict::kDrop)
          dropped.push_back(head.number);
        else
          taken = head;
      }
      if (!taken) codel.on_empty();
      ASSERT_EQ(taken.has_value(), expected.has_value());
      if (taken) {
        ASSERT_EQ(taken->number, expected->number) << "turn " << turn;
      }
    }
    EXPECT_EQ(dropped, reference.dropped);
    EXPECT_FALSE(dropped.empty());
  }
}

/// A sender that sends half as much again as the link of 10 Mbit/s carries, for 20 s.
struct Overload {
  explicit Overload(const QueueConfig& queue, std::uint8_t traffic_class = 0)
      : stage(std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 10'000'000}}, 0, 0, 0),
              {.queue = queue, .seed = 1}) {
    PacketSpec spec;
    spec.traffic_class = traffic_class;
    spec.payload = counting_bytes(1210);
    const OwnedPacket owned(build_frame(spec), {});  // 1250 bytes: a millisecond
    std::int64_t wait_ns = 0;
    std::size_t seen = 0;
    std::size_t counted = 0;
    for (std::int64_t now_ns = 1; now_ns < 20 * kNanosecondsPerSecond; now_ns += 666'667) {
      record.run(stage, now_ns);
      record.give(stage, owned.packet, now_ns);
      arrivals.push_back(now_ns);
      for (; seen < record.passed.size(); ++seen) {
        // What was dropped on arrival leaves a gap: count how much waits instead.
        if (now_ns < 10 * kNanosecondsPerSecond) continue;
        wait_ns += static_cast<std::int64_t>(stage.queued().packets) * 1'000'000;
        ++counted;
      }
    }
    mean_wait_ms = static_cast<double>(wait_ns) / 1e6 / static_cast<double>(counted);
    for (const SegmentFate& one : record.passed) marked += one.marked ? 1U : 0U;
  }

  Bottleneck stage;
  StageRecord record;
  std::vector<std::int64_t> arrivals;
  double mean_wait_ms = 0;
  std::size_t marked = 0;
};

TEST(QueueDisciplineTest, DroptailStandsAtItsLimitAndPieNearItsTarget) {
  const Overload droptail({.limit = 100});
  EXPECT_NEAR(droptail.mean_wait_ms, 100, 3);
  const Overload pie({.kind = QueueKind::kPie});
  EXPECT_GT(pie.mean_wait_ms, 5);
  EXPECT_LT(pie.mean_wait_ms, 30) << "the target is 15 ms";
  EXPECT_GT(pie.record.dropped.size(), 5000U) << "a third of 30,000, once it has settled";
  EXPECT_EQ(pie.marked, 0U);
}

TEST(QueueDisciplineTest, CodelDropsMoreAndMoreOften) {
  const Overload codel({.kind = QueueKind::kCodel, .limit = 100'000});
  ASSERT_GT(codel.record.dropped.size(), 100U);
  const auto gap_ns = [&](std::size_t at) {
    return codel.record.dropped[at + 1].when_ns - codel.record.dropped[at].when_ns;
  };
  EXPECT_GT(gap_ns(1), 2 * gap_ns(80)) << "the interval goes with one over the root of the count";
}

TEST(QueueDisciplineTest, WhatCanBearAMarkIsMarkedInsteadOfDropped) {
  constexpr std::uint8_t kEct0 = 2;
  const Overload codel({.kind = QueueKind::kCodel, .limit = 100'000, .ecn = true}, kEct0);
  EXPECT_EQ(codel.record.dropped.size(), 0U);
  EXPECT_GT(codel.marked, 100U);
  // PIE drops all the same beyond a chance of 0.1, and a third is more.
  const Overload pie({.kind = QueueKind::kPie, .ecn = true}, kEct0);
  EXPECT_GT(pie.marked, 0U);
  EXPECT_GT(pie.record.dropped.size(), 1000U);
  // The sender that can't bear it loses packets as before, and none is marked.
  const Overload plain({.kind = QueueKind::kCodel, .limit = 100'000, .ecn = true});
  EXPECT_GT(plain.record.dropped.size(), 100U);
  EXPECT_EQ(plain.marked, 0U);
}

TEST(PieTest, ADelayThatIsFarTooLongRaisesTheChanceByTwoPercentMoreAnUpdate) {
  constexpr std::int64_t kUpdateNs = 15'000'000;
  const auto chance_after_updates = [](std::int64_t waited_ns) {
    Pie pie(15'000'000, kUpdateNs, 1);
    const QueueView first{.now_ns = 1, .waited_ns = waited_ns, .backlog_bytes = 100'000};
    (void)pie.on_arrival(first);
    (void)pie.on_departure(first);
    QueueView later = first;
    later.now_ns += 20 * kUpdateNs;
    (void)pie.on_arrival(later);
    return pie.drop_probability();
  };
  // The delay itself adds 1/8 a second of it, divided while the chance is small.
  EXPECT_LT(chance_after_updates(250'000'000), 0.35);
  EXPECT_GT(chance_after_updates(251'000'000), chance_after_updates(250'000'000) + 0.02 * 18);
}

TEST(PieTest, TheSameSeedDropsTheSamePackets) {
  const Overload first({.kind = QueueKind::kPie});
  const Overload second({.kind = QueueKind::kPie});
  EXPECT_EQ(first.record.dropped, second.record.dropped);
}

}  // namespace
}  // namespace tunrelay::test
