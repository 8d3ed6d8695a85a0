// SPDX-License-Identifier: MIT
// The bottleneck against a naive one that handles one wire segment after the other.
#include "stage/bottleneck.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "support/accepted_packet.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {
namespace {

constexpr std::int64_t kStartNs = 5 * kNanosecondsPerSecond;

std::unique_ptr<LinkPace> constant_rate(std::uint64_t bits_per_s, std::uint64_t burst_bytes = 0) {
  return std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, bits_per_s}}, 0, kStartNs,
                                    burst_bytes);
}

/// TCP of IPv4 with 40 bytes of headers; a super-packet when there is more than a segment.
OwnedPacket tcp_packet(BufferId buffer, std::size_t payload_bytes, std::uint16_t segment_bytes,
                       std::uint8_t traffic_class = 0) {
  PacketSpec spec;
  spec.traffic_class = traffic_class;
  spec.payload = counting_bytes(payload_bytes);
  if (payload_bytes > segment_bytes) spec.gso_size = segment_bytes;
  return accepted_packet(build_frame(spec), buffer);
}

/// One wire segment after the other; the link is exact to the nanosecond.
class NaiveBottleneck {
 public:
  struct Due {
    BufferId buffer = 0;
    std::uint16_t segment = 0;
    std::int64_t due_ns = 0;
  };

  NaiveBottleneck(std::uint64_t bits_per_s, const QueueConfig& queue, WireSize wire)
      : bits_per_s_(bits_per_s), queue_(with_defaults(queue)), wire_(wire) {}

  void arrive(const Packet& packet, std::int64_t now_ns) {
    const auto segments = static_cast<std::uint16_t>(packet.segments());
    for (std::uint16_t segment = 0; segment < segments; ++segment) {
      serve_until(now_ns);
      const std::uint32_t bytes = wire_segment_bytes(packet, segment);
      if (queue_.kind == QueueKind::kDropTail && is_full(bytes, now_ns))
        dropped.push_back({packet.buffer, segment, now_ns, true, false});
      else
        waiting_.push_back({packet.buffer, segment, bytes, now_ns});
    }
    serve_until(now_ns);
    while (queue_.kind == QueueKind::kDropHead && !waiting_.empty() && is_over(0)) {
      dropped.push_back({waiting_.front().buffer, waiting_.front().segment, now_ns, true, false});
      waiting_.pop_front();
    }
  }
  void serve_until(std::int64_t now_ns) {
    while (!waiting_.empty()) {
      const Waiting next = waiting_.front();
      const std::int64_t begin_ns = std::max(free_ns_, next.arrival_ns);
      if (begin_ns > now_ns) return;
      waiting_.pop_front();
      if (begin_ns > free_ns_) {
        busy_since_ns_ = begin_ns;
        busy_bits_ = 0;
      }
      busy_bits_ += std::uint64_t{wire_.bytes_of(next.bytes)} * 8;
      // Rounded up to the next nanosecond, over all since the link was idle.
      free_ns_ = busy_since_ns_ + static_cast<std::int64_t>(
                                      (busy_bits_ * 1'000'000'000 + bits_per_s_ - 1) / bits_per_s_);
      passed.push_back({next.buffer, next.segment, free_ns_});
    }
  }

  std::vector<Due> passed;
  std::vector<SegmentFate> dropped;

 private:
  struct Waiting {
    BufferId buffer = 0;
    std::uint16_t segment = 0;
    std::uint32_t bytes = 0;
    std::int64_t arrival_ns = 0;
  };

  [[nodiscard]] bool is_full(std::uint32_t bytes, std::int64_t now_ns) const {
    return (!waiting_.empty() || free_ns_ > now_ns) && is_over(bytes);
  }
  /// With one more of BYTES, or as it is where that is 0.
  [[nodiscard]] bool is_over(std::uint32_t bytes) const {
    const std::size_t packets = waiting_.size() + (bytes != 0 ? 1 : 0);
    std::uint64_t frames = 0;
    std::uint64_t wire = bytes != 0 ? wire_.bytes_of(bytes) : 0;
    for (const Waiting& one : waiting_) {
      frames += one.bytes;
      wire += wire_.bytes_of(one.bytes);
    }
    if (queue_.limit_unit == QueueLimitUnit::kPackets) return packets > queue_.limit;
    if (queue_.limit_unit == QueueLimitUnit::kBytes) return frames + bytes > queue_.limit;
    return wire * 8 * 1'000'000'000 / bits_per_s_ > queue_.limit;
  }

  std::uint64_t bits_per_s_;
  QueueConfig queue_;
  WireSize wire_;
  std::deque<Waiting> waiting_;
  std::int64_t free_ns_ = 0;
  std::int64_t busy_since_ns_ = 0;
  std::uint64_t busy_bits_ = 0;
};

struct BottleneckCase {
  QueueConfig queue = {};
  WireSize wire = {};
};

class BottleneckPropertyTest : public ::testing::TestWithParam<BottleneckCase> {};

TEST_P(BottleneckPropertyTest, EverySegmentHasTheNaiveFateAndTime) {
  SeededRandom random;
  const auto [queue, wire] = GetParam();
  for (std::size_t round = 0; round < scaled(20); ++round) {
    const std::uint64_t rate = random.between(3'000'000, 2'000'000'000);
    Bottleneck stage(constant_rate(rate), {.queue = queue, .wire = wire, .gather_ns = 0});
    NaiveBottleneck naive(rate, queue, wire);
    StageRecord record;
    std::int64_t now_ns = kStartNs;
    Tally given;
    for (BufferId buffer = 0; buffer < 200; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 3'000'000));
      record.run(stage, now_ns);
      const OwnedPacket owned = tcp_packet(buffer, random.between(1, 20'000), 1448);
      given += tally_of(owned.packet);
      record.give(stage, owned.packet, now_ns);
      naive.arrive(owned.packet, now_ns);
      // The frame's memory goes here: the stage must not look into it again.
      ASSERT_EQ(given, record.passed_tally + record.dropped_tally + stage.queued());
    }
    record.run(stage, now_ns + 1000 * kNanosecondsPerSecond);
    naive.serve_until(now_ns + 1000 * kNanosecondsPerSecond);
    EXPECT_EQ(record.references(), 0);
    EXPECT_EQ(stage.queued(), Tally{});
    ASSERT_EQ(record.dropped, naive.dropped) << "rate " << rate;
    ASSERT_EQ(record.passed.size(), naive.passed.size());
    for (std::size_t at = 0; at < naive.passed.size(); ++at) {
      ASSERT_EQ(record.passed[at].buffer, naive.passed[at].buffer);
      ASSERT_EQ(record.passed[at].segment, naive.passed[at].segment);
      ASSERT_EQ(record.passed[at].when_ns, naive.passed[at].due_ns) << at << " at " << rate;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Limits, BottleneckPropertyTest,
    ::testing::Values(
        BottleneckCase{}, BottleneckCase{{.limit_unit = QueueLimitUnit::kPackets, .limit = 7}, {}},
        BottleneckCase{{.limit_unit = QueueLimitUnit::kBytes, .limit = 20'000}, {24, 0, 0}},
        BottleneckCase{{.limit_unit = QueueLimitUnit::kNanoseconds, .limit = 3'000'000},
                       {8, 48, 5}},
        BottleneckCase{
            {.kind = QueueKind::kDropHead, .limit_unit = QueueLimitUnit::kPackets, .limit = 7}, {}},
        BottleneckCase{
            {.kind = QueueKind::kDropHead, .limit_unit = QueueLimitUnit::kBytes, .limit = 20'000},
            {24, 0, 0}},
        BottleneckCase{{.kind = QueueKind::kDropHead,
                        .limit_unit = QueueLimitUnit::kNanoseconds,
                        .limit = 3'000'000},
                       {8, 48, 5}},
        BottleneckCase{{.kind = QueueKind::kInfinite}, {}}));

TEST(BottleneckTest, GoodputIsTheArithmeticToTheBit) {
  for (const std::uint64_t rate : {100'000'000U, 1'000'000'000U}) {
    Bottleneck stage(constant_rate(rate), {.queue = {.limit = 100'000}});
    StageRecord record;
    const OwnedPacket owned = tcp_packet(0, std::size_t{1448} * 40, 1448);
    const std::int64_t second_ns = kNanosecondsPerSecond;
    // A sender that keeps the queue filled, and wake-ups that come when they like.
    for (std::int64_t now_ns = kStartNs; now_ns < kStartNs + second_ns; now_ns += 333'333) {
      record.run(stage, now_ns);
      record.give(stage, owned.packet, now_ns);
      if (rate > 500'000'000) record.give(stage, owned.packet, now_ns);
    }
    record.run(stage, kStartNs + second_ns);
    const double sent = static_cast<double>(record.passed.size()) * 1488 * 8;
    EXPECT_NEAR(sent / static_cast<double>(rate), 1, 0.0002);
  }
}

TEST(BottleneckTest, WhatLeavesInOneWakeUpLeavesAsOneRun) {
  Bottleneck stage(constant_rate(1'000'000'000), {});
  StageRecord record;
  record.give(stage, tcp_packet(0, std::size_t{1448} * 45, 1448).packet, kStartNs);
  EXPECT_TRUE(record.passed.empty());
  record.now_ns = kStartNs + 12'000 * 20;
  stage.release(record.now_ns, record);
  EXPECT_EQ(record.runs, (std::vector<SegmentRun>{{0, 20}}));
  record.now_ns = kStartNs + kNanosecondsPerSecond;
  stage.release(record.now_ns, record);
  EXPECT_EQ(record.runs, (std::vector<SegmentRun>{{0, 20}, {20, 45}}));
  EXPECT_EQ(record.references(), 0);
}

TEST(BottleneckTest, WakeUpsGatherAndTheFirstIsExact) {
  Bottleneck stage(constant_rate(1'000'000'000), {.gather_ns = 50'000});
  StageRecord record;
  record.give(stage, tcp_packet(0, std::size_t{1448} * 45, 1448).packet, kStartNs);
  EXPECT_EQ(stage.next_deadline_ns(), kStartNs + 1488 * 8);
  record.now_ns = stage.next_deadline_ns();
  stage.release(record.now_ns, record);
  EXPECT_EQ(stage.next_deadline_ns(), record.now_ns + 50'000);
}

TEST(BottleneckTest, WhatHasWaitedMayLeaveALittleLater) {
  constexpr std::int64_t kSegmentNs = 1488 * 80;  // at 100 Mbit/s
  Bottleneck stage(constant_rate(100'000'000), {});
  StageRecord record;
  for (BufferId buffer = 0; buffer < 10; ++buffer)
    record.give(stage, tcp_packet(buffer, std::size_t{1448} * 45, 1448).packet, kStartNs);
  EXPECT_EQ(stage.latest_release_ns(), stage.next_deadline_ns()) << "it has not waited";
  record.now_ns = kStartNs + 32 * kSegmentNs;
  stage.release(record.now_ns, record);
  EXPECT_EQ(stage.next_deadline_ns(), record.now_ns + kSegmentNs);
  EXPECT_EQ(stage.latest_release_ns(), stage.next_deadline_ns() + 2 * kSegmentNs);
  record.now_ns = kStartNs + 400 * kSegmentNs;
  stage.release(record.now_ns, record);
  EXPECT_EQ(stage.latest_release_ns(), stage.next_deadline_ns() + kNanosecondsPerMillisecond);
  EXPECT_EQ(record.passed.size(), 400U) << "all that is due by then";
  record.now_ns += kNanosecondsPerSecond;
  stage.release(record.now_ns, record);
  EXPECT_EQ(stage.latest_release_ns(), Stage::kNoDeadline);
}

TEST(BottleneckTest, WhereNothingWouldGatherItLeavesOnTime) {
  Bottleneck stage(constant_rate(10'000'000), {});
  StageRecord record;
  record.give(stage, tcp_packet(0, std::size_t{1448} * 45, 1448).packet, kStartNs);
  record.now_ns = kStartNs + 40 * kNanosecondsPerMillisecond;
  stage.release(record.now_ns, record);
  EXPECT_EQ(stage.latest_release_ns(), stage.next_deadline_ns());
}

TEST(BottleneckTest, ABurstGoesAtOnceAndIsEarnedAgain) {
  Bottleneck stage(constant_rate(8'000'000, 3 * 1488), {.gather_ns = 0});
  StageRecord record;
  record.give(stage, tcp_packet(0, std::size_t{1448} * 5, 1448).packet, kStartNs);
  ASSERT_EQ(record.passed.size(), 3U) << "the bucket was full";
  record.run(stage, kStartNs + kNanosecondsPerSecond);
  EXPECT_EQ(record.passed[3].when_ns, kStartNs + 1'488'000);
  EXPECT_EQ(record.passed[4].when_ns, kStartNs + 2 * 1'488'000);
  // Half a bucket later one and a half packets' tokens are there.
  const std::int64_t later_ns = kStartNs + 2 * 1'488'000 + 2'232'000;
  Bottleneck again(constant_rate(8'000'000, 3 * 1488), {.gather_ns = 0});
  StageRecord second;
  second.give(again, tcp_packet(0, std::size_t{1448} * 5, 1448).packet, kStartNs);
  second.run(again, later_ns);
  second.give(again, tcp_packet(1, std::size_t{1448} * 2, 1448).packet, later_ns);
  second.run(again, later_ns + kNanosecondsPerSecond);
  EXPECT_EQ(second.passed[5].when_ns, later_ns);
  EXPECT_EQ(second.passed[6].when_ns, later_ns + 744'000);
}

TEST(BottleneckTest, StepsOfRateHoldFromTheirMoment) {
  auto pace = std::make_unique<RatePace>(
      std::vector<RatePace::Step>{{0, 8'000'000}, {1'000'000, 0}, {5'000'000, 16'000'000}}, 0,
      kStartNs, 0);
  Bottleneck stage(std::move(pace), {.gather_ns = 0});
  StageRecord record;
  // 1488 bytes: 1000 of them in the first millisecond, 488 at the double rate behind the pause.
  record.give(stage, tcp_packet(0, 1448, 1448).packet, kStartNs);
  record.give(stage, tcp_packet(1, 1448, 1448).packet, kStartNs);
  record.run(stage, kStartNs + kNanosecondsPerSecond);
  ASSERT_EQ(record.passed.size(), 2U);
  EXPECT_EQ(record.passed[0].when_ns, kStartNs + 5'244'000);
  EXPECT_EQ(record.passed[1].when_ns, kStartNs + 5'244'000 + 744'000);
}

std::unique_ptr<LinkPace> opportunities(std::vector<std::int64_t> times_ns) {
  return std::make_unique<OpportunityPace>(
      std::make_shared<const std::vector<std::int64_t>>(std::move(times_ns)), kStartNs);
}

TEST(BottleneckTest, ADeliveryTraceUsesTheRestOfAnOpportunity) {
  // Two opportunities at 1 ms, one at 3 ms, which is the period too.
  Bottleneck stage(opportunities({1'000'000, 1'000'000, 3'000'000}),
                   {.queue = {}, .wire = {.overhead_bytes = 4}, .gather_ns = 0});
  StageRecord record;
  record.give(stage, tcp_packet(0, std::size_t{960} * 4, 960).packet, kStartNs);
  record.run(stage, kStartNs + kNanosecondsPerSecond);
  // 1004 bytes each: 1504 carry one and a half, 3008 two and 1000 bytes of the third, whose last
  // 4 bytes and all of the fourth go with the next.
  ASSERT_EQ(record.passed.size(), 4U);
  EXPECT_EQ(record.passed[1].when_ns, kStartNs + 1'000'000);
  EXPECT_EQ(record.passed[2].when_ns, kStartNs + 3'000'000);
  EXPECT_EQ(record.passed[3].when_ns, kStartNs + 3'000'000);
  // What was idle is lost: the next packet waits for the next moment, a period later.
  record.give(stage, tcp_packet(1, 100, 1448).packet, kStartNs + 3'500'000);
  record.run(stage, kStartNs + kNanosecondsPerSecond);
  EXPECT_EQ(record.passed[4].when_ns, kStartNs + 4'000'000);
}

TEST(BottleneckTest, ABackloggedTraceDeliversItsBytesInEachSecond) {
  SeededRandom random(7);
  std::vector<std::int64_t> times_ns;
  for (std::int64_t millisecond = 1; millisecond <= 2000; ++millisecond)
    for (std::uint64_t count = random.between(0, 20); count != 0; --count)
      times_ns.push_back(millisecond * kNanosecondsPerMillisecond);
  times_ns.push_back(2 * kNanosecondsPerSecond);
  Bottleneck stage(opportunities(times_ns),
                   {.queue = {.limit = 60'000}, .wire = {.overhead_bytes = 4}});
  StageRecord record;
  const OwnedPacket owned = tcp_packet(0, std::size_t{1448} * 40, 1448);
  for (std::int64_t now_ns = kStartNs; now_ns < kStartNs + 4 * kNanosecondsPerSecond;
       now_ns += 2'000'000) {
    record.run(stage, now_ns);
    record.give(stage, owned.packet, now_ns);
  }
  record.run(stage, kStartNs + 4 * kNanosecondsPerSecond);
  for (std::int64_t second = 0; second < 4; ++second) {
    const std::int64_t from_ns = second * kNanosecondsPerSecond;
    const auto within = [from_ns](std::int64_t moment_ns) {
      return moment_ns > from_ns && moment_ns <= from_ns + kNanosecondsPerSecond;
    };
    double offered = 0;
    for (const std::int64_t round_ns : {std::int64_t{0}, 2 * kNanosecondsPerSecond})
      for (const std::int64_t time_ns : times_ns)
        if (within(round_ns + time_ns)) offered += OpportunityPace::kOpportunityBytes;
    double delivered = 0;
    for (const SegmentFate& one : record.passed)
      if (within(one.when_ns - kStartNs)) delivered += 1488 + 4;
    EXPECT_NEAR(delivered / offered, 1, 0.01) << "second " << second;
  }
}

}  // namespace
}  // namespace tunrelay::test
