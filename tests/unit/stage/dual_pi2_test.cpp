// SPDX-License-Identifier: MIT
// DualPI2 against the RFC's pseudo-code, and with senders of both kinds before a link: each gets
// its share, and one of them hardly waits.
#include "stage/dual_pi2.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <queue>

#include "stage/bottleneck.hpp"
#include "support/accepted_packet.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/stage_record.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint64_t kDualSeed = 11;
constexpr std::uint8_t kEct1 = 1;
constexpr std::uint8_t kEct0Field = 2;

OwnedPacket packet_with_ecn(std::uint8_t ecn, std::size_t payload_bytes = 1460) {
  PacketSpec spec;
  spec.traffic_class = ecn;
  spec.payload = counting_bytes(payload_bytes);
  return accepted_packet(build_frame(spec));
}

/// RFC 9332, appendix A, and what Linux 6.17 makes of it, a packet at a time.
class NaiveDualPi2 {
 public:
  struct Item {
    int number = 0;
    std::int64_t arrival_ns = 0;
    std::uint64_t bytes = 0;
    std::uint8_t ecn = 0;
  };
  struct Fate {
    int number = 0;
    QueueVerdict verdict = QueueVerdict::kTake;
    bool operator==(const Fate&) const = default;
  };

  void enqueue(const Item& item) { ((item.ecn & 1) != 0 ? lq_ : cq_).push_back(item); }
  [[nodiscard]] bool empty() const { return lq_.empty() && cq_.empty(); }
  void every_update(std::int64_t now_ns) {
    const auto age_ns = [now_ns](const std::deque<Item>& queue) {
      return queue.empty() ? 0 : now_ns - queue.front().arrival_ns;
    };
    const std::int64_t curq = std::max(age_ns(lq_), age_ns(cq_));
    const auto seconds = [](std::int64_t ns) { return static_cast<double>(ns) / 1e9; };
    p_ = p_ + 0.16 * seconds(curq - kDualPi2TargetNs) + 3.2 * seconds(curq - prevq_);
    p_ = std::min(1.0, std::max(0.0, p_));
    prevq_ = curq;
  }
  Fate dequeue(std::int64_t now_ns) {
    const bool from_l = !lq_.empty() && (cq_.empty() || credit_ <= 0);
    const bool both = !lq_.empty() && !cq_.empty();
    std::deque<Item>& queue = from_l ? lq_ : cq_;
    const Item item = queue.front();
    queue.pop_front();
    Fate fate{item.number, QueueVerdict::kTake};
    std::uint64_t backlog = 0;
    for (const Item& one : lq_) backlog += one.bytes;
    for (const Item& one : cq_) backlog += one.bytes;
    const bool overload = 2 * p_ > 1;
    if (backlog >= 2 * 1514) {
      if (!from_l && recur() && recur())
        fate.verdict = overload || item.ecn == 0 ? QueueVerdict::kDrop : QueueVerdict::kMark;
      if (from_l && overload)
        fate.verdict = recur() && recur() ? QueueVerdict::kDrop : QueueVerdict::kMark;
      if (from_l && !overload && draw() < 2 * p_) fate.verdict = QueueVerdict::kMark;
    }
    if (from_l && fate.verdict == QueueVerdict::kTake && now_ns - item.arrival_ns > 1'000'000)
      fate.verdict = QueueVerdict::kMark;
    if (both && fate.verdict != QueueVerdict::kDrop)
      credit_ += (from_l ? 10 : -90) * static_cast<std::int64_t>(item.bytes);
    return fate;
  }
  void idle() { credit_ = 1514 * (10 - 90); }
  [[nodiscard]] double p() const { return p_; }

 private:
  double draw() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }
  bool recur() { return draw() < p_; }

  std::deque<Item> lq_;
  std::deque<Item> cq_;
  double p_ = 0;
  std::int64_t prevq_ = 0;
  std::int64_t credit_ = 1514 * (10 - 90);
  std::mt19937_64 random_{kDualSeed};
};

TEST(DualPi2PropertyTest, StrikesAndSchedulesAsTheRfcDoes) {
  SeededRandom random;
  const std::vector<OwnedPacket> kinds = [] {
    std::vector<OwnedPacket> packets;
    for (std::uint8_t ecn = 0; ecn < 4; ++ecn) packets.push_back(packet_with_ecn(ecn));
    return packets;
  }();
  std::array<std::size_t, 3> seen{};
  for (std::size_t round = 0; round < scaled(10); ++round) {
    DualPi2 queue(with_defaults({.kind = QueueKind::kDualPi2}), {}, kDualSeed);
    NaiveDualPi2 naive;
    StageRecord output;
    int number = 0;
    std::int64_t next_update_ns = 0;
    double load = 1;
    double owed = 0;
    for (std::int64_t now_ns = 1; now_ns < 20'000'000'000; now_ns += 1'000'000) {
      if (random.chance(0.002)) load = static_cast<double>(random.between(5, 16)) / 10;
      owed += load;
      // The first packet starts the timer.
      if (next_update_ns == 0 && owed >= 1) next_update_ns = now_ns + kDualPi2UpdateNs;
      for (; next_update_ns != 0 && next_update_ns <= now_ns; next_update_ns += kDualPi2UpdateNs)
        naive.every_update(next_update_ns);
      for (; owed >= 1; owed -= 1) {
        const auto ecn = static_cast<std::uint8_t>(random.between(0, 3));
        Packet packet = kinds[ecn].packet;
        packet.buffer = static_cast<BufferId>(number);
        output.own(packet);
        (void)queue.admit(packet, {.now_ns = now_ns, .bits_per_s = 12'000'000}, output);
        naive.enqueue({number++, now_ns, packet.frame_bytes, ecn});
      }
      // The link takes a packet a millisecond.
      for (bool taken = false; !taken && !naive.empty();) {
        const NaiveDualPi2::Fate expected = naive.dequeue(now_ns);
        const Departure departure = queue.next(now_ns);
        ASSERT_NE(departure.run, nullptr);
        const NaiveDualPi2::Fate fate{static_cast<int>(departure.run->packet.buffer),
                                      departure.verdict};
        ASSERT_EQ(fate, expected) << "at " << now_ns;
        ASSERT_NEAR(queue.probability(), naive.p(), 1e-9);
        departure.run->packet.run.first = departure.run->packet.run.last;
        queue.took_first();
        taken = fate.verdict != QueueVerdict::kDrop;
        ++seen.at(static_cast<std::size_t>(fate.verdict));
      }
      if (naive.empty()) {
        naive.idle();
        queue.on_idle();
      }
      ASSERT_EQ(queue.empty(), naive.empty());
    }
  }
  for (const std::size_t count : seen) EXPECT_GT(count, 100U);
}

/// A TCP sender of full packets, by its window alone: CUBIC (RFC 9438) or DCTCP (RFC 8257).
class SimulatedSender {
 public:
  SimulatedSender(bool is_dctcp, std::int64_t rtt_ns) : is_dctcp_(is_dctcp), rtt_ns_(rtt_ns) {}

  [[nodiscard]] bool may_send() const { return in_flight_ < window_; }
  void sent() { ++in_flight_; }
  void acknowledged(bool marked, std::int64_t now_ns) {
    --in_flight_;
    ++acknowledged_;
    marked_ += marked ? 1 : 0;
    if (is_dctcp_)
      dctcp(marked, now_ns);
    else
      cubic(now_ns);
  }
  void lost(std::int64_t now_ns) {
    --in_flight_;
    if (now_ns < recovered_ns_) return;
    recovered_ns_ = now_ns + rtt_ns_;
    slow_start_ = false;
    most_ = window_;
    window_ = std::max(2.0, window_ * (is_dctcp_ ? 0.5 : kBeta));
    estimate_ = window_;
    epoch_ns_ = now_ns;
  }

 private:
  static constexpr double kBeta = 0.7;

  void cubic(std::int64_t now_ns) {
    if (slow_start_) {
      window_ += 1;
      return;
    }
    const double after_s = static_cast<double>(now_ns - epoch_ns_ + rtt_ns_) / 1e9;
    const double back_s = std::cbrt(most_ * (1 - kBeta) / 0.4);
    const double wanted = 0.4 * std::pow(after_s - back_s, 3) + most_;
    estimate_ += 3 * (1 - kBeta) / (1 + kBeta) / window_;
    if (wanted > window_) window_ += std::min(0.5, (wanted - window_) / window_);
    window_ = std::max(window_, estimate_);
  }
  void dctcp(bool marked, std::int64_t now_ns) {
    if (marked) slow_start_ = false;
    window_ += slow_start_ ? 1 : 1 / window_;
    if (now_ns < observed_ns_) return;
    observed_ns_ = now_ns + rtt_ns_;
    const double fraction = static_cast<double>(marked_) / static_cast<double>(acknowledged_);
    alpha_ += (fraction - alpha_) / 16;
    if (marked_ != 0) window_ = std::max(2.0, window_ * (1 - alpha_ / 2));
    marked_ = acknowledged_ = 0;
  }

  bool is_dctcp_;
  std::int64_t rtt_ns_;
  double window_ = 10;
  int in_flight_ = 0;
  bool slow_start_ = true;
  std::int64_t recovered_ns_ = 0;
  double most_ = 0;
  double estimate_ = 0;
  std::int64_t epoch_ns_ = 0;
  double alpha_ = 1;
  std::int64_t observed_ns_ = 0;
  int marked_ = 0;
  int acknowledged_ = 0;
};

/// A CUBIC and a DCTCP sender of one round trip time before a link of 40 Mbit/s, for 40 s.
struct TwoSenders {
  // Far over the classic target of 15 ms, which CUBIC has on top of it: rates go by round trips.
  static constexpr std::int64_t kRttNs = 30'000'000;
  static constexpr std::int64_t kMeasuredFromNs = 10'000'000'000;

  explicit TwoSenders(const QueueConfig& queue, std::uint16_t queues = 1)
      : stage(std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 40'000'000}}, 0, 0, 0),
              {.queue = queue, .seed = kDualSeed, .gather_ns = 0}) {
    for (std::int64_t now_ns = 1; now_ns < 40'000'000'000; now_ns += 50'000) {
      record.run(stage, now_ns);
      look_at_what_left(now_ns);
      for (; !answers.empty() && answers.top().when_ns <= now_ns; answers.pop()) {
        const Answer& answer = answers.top();
        SimulatedSender& sender = senders[answer.sender];
        answer.is_loss ? sender.lost(now_ns) : sender.acknowledged(answer.marked, now_ns);
      }
      for (std::size_t sender = 0; sender < 2; ++sender)
        while (senders[sender].may_send()) {
          senders[sender].sent();
          Packet packet = kinds[sender].packet;
          packet.buffer = static_cast<BufferId>(sent.size());
          packet.queue = static_cast<std::uint16_t>(sent.size() % queues);
          sent.push_back({sender, now_ns});
          record.give(stage, packet, now_ns);
        }
    }
    std::sort(low_latency_waits_ns.begin(), low_latency_waits_ns.end());
  }

  void look_at_what_left(std::int64_t now_ns) {
    for (; passed < record.passed.size(); ++passed) {
      const SegmentFate& one = record.passed[passed];
      const auto [sender, sent_ns] = sent[one.buffer];
      answers.push({one.when_ns + kRttNs, sender, one.marked, false});
      if (now_ns < kMeasuredFromNs) continue;
      ++delivered[sender];
      if (sender == 1) low_latency_waits_ns.push_back(one.when_ns - sent_ns);
    }
    for (; dropped < record.dropped.size(); ++dropped)
      answers.push({now_ns + kRttNs, sent[record.dropped[dropped].buffer].first, false, true});
  }

  struct Answer {
    std::int64_t when_ns = 0;
    std::size_t sender = 0;
    bool marked = false;
    bool is_loss = false;
    bool operator<(const Answer& other) const { return when_ns > other.when_ns; }
  };

  Bottleneck stage;
  StageRecord record;
  std::array<OwnedPacket, 2> kinds{packet_with_ecn(0), packet_with_ecn(kEct1)};
  std::array<SimulatedSender, 2> senders{SimulatedSender(false, kRttNs),
                                         SimulatedSender(true, kRttNs)};
  std::vector<std::pair<std::size_t, std::int64_t>> sent;  ///< sender and time, by buffer
  std::priority_queue<Answer> answers;
  std::size_t passed = 0;
  std::size_t dropped = 0;
  std::array<double, 2> delivered{};
  std::vector<std::int64_t> low_latency_waits_ns;
};

TEST(DualPi2Test, AScalableSenderHardlyWaitsAndLeavesCubicItsShare) {
  const TwoSenders both({.kind = QueueKind::kDualPi2});
  const std::vector<std::int64_t>& waits_ns = both.low_latency_waits_ns;
  ASSERT_GT(waits_ns.size(), 10'000U);
  EXPECT_LT(waits_ns[waits_ns.size() * 99 / 100], 2'000'000);
  const double ratio = both.delivered[1] / both.delivered[0];
  EXPECT_GT(ratio, 0.5) << both.delivered[0] << " of CUBIC";
  EXPECT_LT(ratio, 2) << both.delivered[0] << " of CUBIC";
  EXPECT_GT(both.delivered[0] + both.delivered[1], 0.9 * 30 * 40e6 / 12'000) << "the link is used";
  const StageDetails& details = *both.stage.details();
  EXPECT_GT(details.get(StageDetail::kMarked), 1'000U);
  EXPECT_GE(details.get(StageDetail::kMarked), details.get(StageDetail::kStepMarked));
  EXPECT_GT(details.get(StageDetail::kDroppedEarly), 10U) << "CUBIC, which can't be marked";

  // In one queue the scalable sender takes it all.
  const TwoSenders one({.kind = QueueKind::kCodel, .ecn = true});
  EXPECT_GT(one.delivered[1] / one.delivered[0], 2);
}

TEST(DualPi2Test, TheQueuesOfTheTunnelChangeNothing) {
  const TwoSenders one({.kind = QueueKind::kDualPi2});
  for (std::uint16_t queues = 2; queues <= 4; queues = static_cast<std::uint16_t>(queues + 2)) {
    const TwoSenders several({.kind = QueueKind::kDualPi2}, queues);
    EXPECT_EQ(several.record.passed, one.record.passed);
    EXPECT_EQ(several.record.dropped, one.record.dropped);
  }
}

TEST(DualPi2Test, OverloadDropsOfBothAndTheLimitHolds) {
  Bottleneck stage(
      std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 12'000'000}}, 0, 0, 0),
      {.queue = {.kind = QueueKind::kDualPi2, .limit = 500}, .seed = kDualSeed});
  StageRecord record;
  const OwnedPacket l4s = packet_with_ecn(kEct1);
  const OwnedPacket classic = packet_with_ecn(kEct0Field);
  std::uint64_t most = 0;
  for (std::int64_t now_ns = 1; now_ns < 20'000'000'000; now_ns += 1'000'000) {
    record.run(stage, now_ns);
    record.give(stage, l4s.packet, now_ns);
    record.give(stage, classic.packet, now_ns);
    most = std::max(most, stage.queued().segments);
  }
  EXPECT_LE(most, 501U);
  const StageDetails& details = *stage.details();
  EXPECT_GT(details.get(StageDetail::kDroppedEarly), 5'000U) << "twice what the link carries";
  std::array<std::size_t, 2> passed{};
  for (const Packet& packet : record.packets) ++passed[packet.frame == l4s.packet.frame ? 1 : 0];
  EXPECT_GT(passed[0], 20'000U / 12) << "the classic queue is not starved";
}

}  // namespace
}  // namespace tunrelay::test
