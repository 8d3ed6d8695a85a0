// SPDX-License-Identifier: MIT
// FQ-CoDel before a link against the RFC's own lists, and what it is for: shares that are fair, and
// no wait for who sends little.
#include "stage/fq_codel.hpp"

#include <gtest/gtest.h>

#include <map>

#include "flow_packet.hpp"
#include "stage/bottleneck.hpp"
#include "support/naive_queues.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::int64_t kQuantum = kFqCodelQuantumBytes;

std::unique_ptr<LinkPace> link_of(std::uint64_t bits_per_s) {
  return std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, bits_per_s}}, 0, 0, 0);
}

/// The flow queues before a link that is exact to the nanosecond.
class NaiveFqLink {
 public:
  NaiveFqLink(std::uint64_t bits_per_s, std::size_t limit)
      : bits_per_s_(bits_per_s), queues_(limit, kQuantum) {}

  void arrive(const Packet& packet, std::uint32_t flow, std::int64_t now_ns) {
    serve_until(now_ns);
    for (std::uint16_t segment = 0; segment < packet.segments(); ++segment) {
      queues_.enqueue(
          flow, {static_cast<int>(fates_.size()), now_ns, wire_segment_bytes(packet, segment)});
      fates_.push_back({packet.buffer, segment, 0, false, false});
    }
    arrival_ns_ = now_ns;
    serve_until(now_ns);
    drop(queues_.drop_over_limit(), now_ns);
  }
  void serve_until(std::int64_t now_ns) {
    for (;;) {
      const std::int64_t begin_ns = std::max(free_ns_, arrival_ns_);
      if (begin_ns > now_ns) return;
      const auto packet = queues_.dequeue(begin_ns);
      drop(std::exchange(queues_.dropped, {}), now_ns);
      if (!packet) return;
      if (begin_ns > free_ns_) {
        busy_since_ns_ = begin_ns;
        busy_bits_ = 0;
      }
      busy_bits_ += std::uint64_t{packet->bytes} * 8;
      free_ns_ = busy_since_ns_ + static_cast<std::int64_t>(
                                      (busy_bits_ * 1'000'000'000 + bits_per_s_ - 1) / bits_per_s_);
      SegmentFate fate = fates_[static_cast<std::size_t>(packet->number)];
      fate.when_ns = free_ns_;
      passed.push_back(fate);
    }
  }

  std::vector<SegmentFate> passed;
  std::vector<SegmentFate> dropped;

 private:
  void drop(const std::vector<int>& numbers, std::int64_t now_ns) {
    for (const int number : numbers) {
      SegmentFate fate = fates_[static_cast<std::size_t>(number)];
      fate.when_ns = now_ns;
      fate.dropped = true;
      dropped.push_back(fate);
    }
  }

  std::uint64_t bits_per_s_;
  NaiveFqCodel queues_;
  std::vector<SegmentFate> fates_;
  std::int64_t arrival_ns_ = 0;
  std::int64_t free_ns_ = 0;
  std::int64_t busy_since_ns_ = 0;
  std::uint64_t busy_bits_ = 0;
};

/// Without the moment of a drop: the stage drops when it is woken.
std::vector<std::pair<BufferId, std::uint16_t>> who(const std::vector<SegmentFate>& fates) {
  std::vector<std::pair<BufferId, std::uint16_t>> segments;
  segments.reserve(fates.size());
  for (const SegmentFate& fate : fates) segments.emplace_back(fate.buffer, fate.segment);
  return segments;
}

TEST(FqCodelPropertyTest, EverySegmentHasTheFateAndTimeOfTheRfc) {
  SeededRandom random;
  std::size_t dropped = 0;
  for (std::size_t round = 0; round < scaled(20); ++round) {
    const std::uint64_t rate = random.between(3'000'000, 200'000'000);
    const std::size_t limit = random.chance(0.5) ? 10'240 : random.between(20, 200);
    const auto flows = static_cast<std::uint16_t>(random.between(1, 12));
    const QueueConfig config{.kind = QueueKind::kFqCodel, .limit = limit};
    Bottleneck stage(link_of(rate), {.queue = config, .seed = kSeed, .gather_ns = 0});
    const FqCodel hasher(with_defaults(config), {}, kSeed);
    NaiveFqLink naive(rate, limit);
    StageRecord record;
    std::int64_t now_ns = 1;
    Tally given;
    for (BufferId buffer = 0; buffer < 600; ++buffer) {
      now_ns += static_cast<std::int64_t>(random.between(0, 160'000'000'000'000 / rate));
      record.run(stage, now_ns);
      const auto flow = static_cast<std::uint16_t>(random.between(0, flows - 1U));
      const OwnedPacket owned = flow_packet(buffer, flow, random.between(1, 20'000));
      const std::uint32_t queue = hasher.flow_of(owned.packet);
      given += tally_of(owned.packet);
      record.give(stage, owned.packet, now_ns);
      naive.arrive(owned.packet, queue, now_ns);
      // The frame's memory goes here, but for its headers: ECN is off, nobody looks at them.
      ASSERT_EQ(given, record.passed_tally + record.dropped_tally + stage.queued());
    }
    record.run(stage, now_ns + 1000 * kNanosecondsPerSecond);
    naive.serve_until(now_ns + 1000 * kNanosecondsPerSecond);
    EXPECT_EQ(record.references(), 0);
    EXPECT_EQ(stage.queued(), Tally{});
    ASSERT_EQ(who(record.dropped), who(naive.dropped)) << "rate " << rate << " limit " << limit;
    ASSERT_EQ(record.passed, naive.passed) << "rate " << rate << " limit " << limit;
    dropped += record.dropped.size();
  }
  EXPECT_GT(dropped, 0U);
}

/// Bulk flows that keep a hundred segments each before a link of 50 Mbit/s, and a sparse one
/// beside.
struct Household {
  static constexpr std::uint64_t kRate = 50'000'000;
  static constexpr BufferId kPings = 1000;

  explicit Household(const QueueConfig& queue, std::uint16_t flows,
                     const std::vector<std::uint16_t>& queue_of_buffer = {},
                     std::int64_t until_ns = 2'000'000'000)
      : stage(link_of(kRate), {.queue = queue, .seed = kSeed, .gather_ns = 0}) {
    std::vector<OwnedPacket> bulk;
    for (std::uint16_t flow = 0; flow < flows; ++flow)
      bulk.push_back(flow_packet(flow, flow, flow == 0 ? 1448 : std::size_t{10} * 1448));
    const OwnedPacket ping = flow_packet(kPings, 999, 64);
    for (std::size_t at = 0; at < queue_of_buffer.size() && at < bulk.size(); ++at)
      bulk[at].packet.queue = queue_of_buffer[at];
    std::vector<std::uint64_t> given(flows);
    std::int64_t next_ping_ns = 500'000'000;
    for (std::int64_t now_ns = 1; now_ns < until_ns; now_ns += 100'000) {
      record.run(stage, now_ns);
      count();
      for (std::uint16_t flow = 0; flow < flows; ++flow)
        while (given[flow] < gone[flow] + 100) {
          record.give(stage, bulk[flow].packet, now_ns);
          given[flow] += bulk[flow].packet.segments();
        }
      if (now_ns < next_ping_ns) continue;
      next_ping_ns += 7'300'000;
      pinged_ns.push_back(now_ns);
      record.give(stage, ping.packet, now_ns);
    }
  }

  void count() {
    for (; seen < record.passed.size(); ++seen) {
      const SegmentFate& one = record.passed[seen];
      ++gone[one.buffer];
      if (one.buffer == kPings) ping_ns.push_back(one.when_ns - pinged_ns[ping_ns.size()]);
    }
    for (; lost < record.dropped.size(); ++lost) ++gone[record.dropped[lost].buffer];
  }

  Bottleneck stage;
  StageRecord record;
  std::map<BufferId, std::uint64_t> gone;
  std::vector<std::int64_t> pinged_ns;
  std::vector<std::int64_t> ping_ns;
  std::size_t seen = 0;
  std::size_t lost = 0;
};

TEST(FqCodelTest, FlowsShareTheLinkAndASparseOneDoesNotWait) {
  Household household({.kind = QueueKind::kFqCodel}, 4);
  std::map<BufferId, double> rates;
  for (const SegmentFate& one : household.record.passed) rates[one.buffer] += 1;
  rates.erase(Household::kPings);
  double sum = 0;
  double squares = 0;
  for (const auto& [flow, rate] : rates) {
    sum += rate;
    squares += rate * rate;
  }
  EXPECT_GT(sum * sum / (4 * squares), 0.999) << "Jain's index";
  ASSERT_GT(household.ping_ns.size(), 100U);
  std::sort(household.ping_ns.begin(), household.ping_ns.end());
  // What is on the link, at most a quantum and a packet, and the ping itself.
  const std::int64_t quanta_ns =
      2 * kQuantum * 8 * 1'000'000'000 / static_cast<std::int64_t>(Household::kRate);
  EXPECT_LT(household.ping_ns.back(), quanta_ns);

  Household fifo({.limit = 400}, 4);
  ASSERT_FALSE(fifo.ping_ns.empty());
  EXPECT_GT(fifo.ping_ns.front(), 20'000'000) << "behind all others, without flow queues";
}

TEST(FqCodelTest, TheQueuesOfTheTunnelChangeNothing) {
  const QueueConfig config{.kind = QueueKind::kFqCodel, .limit = 300};
  constexpr std::int64_t kUntilNs = 100'000'000;
  const Household one(config, 4, {}, kUntilNs);
  const Household two(config, 4, {0, 1, 0, 1}, kUntilNs);
  const Household four(config, 4, {0, 1, 2, 3}, kUntilNs);
  EXPECT_GT(one.record.dropped.size(), 0U);
  EXPECT_EQ(one.record.passed, two.record.passed);
  EXPECT_EQ(one.record.passed, four.record.passed);
  EXPECT_EQ(one.record.dropped, two.record.dropped);
  EXPECT_EQ(one.record.dropped, four.record.dropped);
}

TEST(FqCodelTest, EachFlowHasACodelOfItsOwn) {
  constexpr std::uint8_t kEct0 = 2;
  Bottleneck stage(link_of(10'000'000), {.queue = {.kind = QueueKind::kFqCodel, .ecn = true}});
  StageRecord record;
  const OwnedPacket greedy = flow_packet(1, 1, 1448, kEct0);  // 1.19 ms on the link
  const OwnedPacket modest = flow_packet(2, 2, 1448, kEct0);
  for (int turn = 0; turn < 4000; ++turn) {
    const std::int64_t now_ns = 1 + turn * std::int64_t{1'000'000};
    record.run(stage, now_ns);
    record.give(stage, greedy.packet, now_ns);
    if (turn % 4 == 0) record.give(stage, modest.packet, now_ns);
  }
  std::map<BufferId, std::size_t> marked;
  for (const SegmentFate& one : record.passed) marked[one.buffer] += one.marked ? 1 : 0;
  EXPECT_GT(marked[1], 20U);
  EXPECT_EQ(marked[2], 0U) << "it is below its share";
  EXPECT_EQ(record.dropped.size(), 0U);
  const StageDetails& details = *stage.details();
  EXPECT_EQ(details.get(StageDetail::kMarked), marked[1]);
  EXPECT_EQ(details.get(StageDetail::kDroppedEarly), 0U);
  EXPECT_GT(details.get(StageDetail::kOverTarget), marked[1]);
  EXPECT_GT(details.get(StageDetail::kNewFlows), 100U) << "the modest one begins again and again";
}

TEST(FqCodelTest, PacketsWithoutPortsGoWithTheirAddresses) {
  const FqCodel queue(with_defaults({.kind = QueueKind::kFqCodel}), {}, kSeed);
  Packet of_udp = flow_packet(1, 1, 100).packet;
  const OwnedPacket first = flow_packet(1, 1, 100);
  const OwnedPacket second = flow_packet(2, 2, 100);
  EXPECT_NE(queue.flow_of(first.packet), queue.flow_of(second.packet));
  Packet fragment = first.packet;
  Packet other = second.packet;
  fragment.layers.payload_offset = other.layers.payload_offset = 0;
  EXPECT_EQ(queue.flow_of(fragment), queue.flow_of(other));
  of_udp.layers.ip_version = 0;
  of_udp.layers.payload_offset = 0;
  (void)queue.flow_of(of_udp);  // looks at nothing but the EtherType: its memory is gone
}

}  // namespace
}  // namespace tunrelay::test
