// SPDX-License-Identifier: MIT
// Adaptive RED against its papers' pseudo-code, and what it does to a load.
#include "stage/red.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>

#include "support/random.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint64_t kRedRate = 10'000'000;
constexpr std::uint32_t kRedBytes = 1250;  // a millisecond
constexpr std::uint64_t kRedSeed = 3;

/// "Random Early Detection Gateways for Congestion Avoidance", figure 2, with the probabilities of
/// "Adaptive RED", figure 1 and section 5.
class NaiveRed {
 public:
  double minth = 0;
  double maxth = 0;
  double wq = 0;
  double max_p = 0.02;
  double avg = 0;
  double q_time_s = 0;  ///< when the queue became empty
  int count = -1;

  explicit NaiveRed(double target_s) {
    const double packets_per_s = static_cast<double>(kRedRate) / 8 / 1000;
    wq = 1 - std::exp(-1 / packets_per_s);
    minth = std::max(5000.0, target_s * static_cast<double>(kRedRate) / 8 / 2);
    maxth = 3 * minth;
  }
  bool strikes(double queue_bytes, double now_s) {
    if (queue_bytes > 0)
      avg = (1 - wq) * avg + wq * queue_bytes;
    else
      avg *= std::pow(1 - wq, (now_s - q_time_s) * static_cast<double>(kRedRate) / 8 / 1000);
    if (avg < minth) {
      count = -1;
      return false;
    }
    double p_b = 1;
    if (avg < maxth)
      p_b = max_p * (avg - minth) / (maxth - minth);
    else if (avg < 2 * maxth)
      p_b = max_p + (1 - max_p) * (avg - maxth) / maxth;
    count += 1;
    const double drawn = static_cast<double>(random_() >> 11) / 9007199254740992.0;
    const double p_a = count * p_b < 1 ? p_b / (1 - count * p_b) : 1;
    if (drawn >= p_a) return false;
    count = 0;
    return true;
  }
  void every_interval() {
    const double range = maxth - minth;
    if (avg > minth + 0.6 * range && max_p <= 0.5)
      max_p += std::min(0.01, max_p / 4);
    else if (avg < minth + 0.4 * range && max_p >= 0.01)
      max_p *= 0.9;
  }

 private:
  std::mt19937_64 random_{kRedSeed};
};

/// A link that sends a packet each millisecond, and RED before it.
struct RedQueue {
  explicit RedQueue(const QueueConfig& asked)
      : config(with_defaults(asked)), red(config, kRedSeed) {}

  QueueVerdict arrive(std::int64_t now_ns, bool can_be_marked = false) {
    for (; backlog != 0 && free_ns <= now_ns; free_ns += 1'000'000) {
      --backlog;
      (void)red.on_departure({.now_ns = free_ns,
                              .waited_ns = 0,
                              .backlog_bytes = backlog * kRedBytes,
                              .bits_per_s = 0,
                              .can_be_marked = false});
      if (backlog == 0) emptied_ns = free_ns;
    }
    free_ns = std::max(free_ns, now_ns);
    const QueueVerdict verdict = red.on_arrival({.now_ns = now_ns,
                                                 .waited_ns = 0,
                                                 .backlog_bytes = backlog * kRedBytes,
                                                 .bits_per_s = kRedRate,
                                                 .can_be_marked = can_be_marked});
    return verdict;
  }

  QueueConfig config;
  Red red;
  std::uint64_t backlog = 0;
  std::int64_t free_ns = 0;
  std::int64_t emptied_ns = 0;
};

TEST(RedPropertyTest, StrikesWhatThePapersStrike) {
  SeededRandom random;
  RedQueue queue({.kind = QueueKind::kRed});
  NaiveRed naive(static_cast<double>(kRedTargetNs) / 1e9);
  std::int64_t now_ns = 1;
  std::int64_t next_ns = 0;
  double load = 1;
  std::size_t struck = 0;
  for (int packet = 0; packet < 60'000; ++packet) {
    now_ns += static_cast<std::int64_t>(1'000'000 / load);
    if (random.chance(0.001)) load = static_cast<double>(random.between(3, 14)) / 10;
    if (next_ns == 0) next_ns = now_ns + kRedIntervalNs;
    for (; next_ns <= now_ns; next_ns += kRedIntervalNs) naive.every_interval();
    const QueueVerdict verdict = queue.arrive(now_ns);
    naive.q_time_s = static_cast<double>(queue.emptied_ns) / 1e9;
    const bool expected = naive.strikes(static_cast<double>(queue.backlog * kRedBytes),
                                        static_cast<double>(now_ns) / 1e9);
    ASSERT_EQ(verdict == QueueVerdict::kDrop, expected) << "packet " << packet;
    ASSERT_NEAR(queue.red.average_bytes(), naive.avg, 1e-6 * (1 + naive.avg));
    if (verdict == QueueVerdict::kTake)
      ++queue.backlog;
    else
      ++struck;
  }
  EXPECT_GT(struck, 1000U);
}

TEST(RedTest, TheChanceFollowsTheLoadAndTheAverageStaysBetweenTheThresholds) {
  for (const double load : {1.1, 1.5}) {
    RedQueue queue({.kind = QueueKind::kRed});
    double sum = 0;
    int counted = 0;
    for (std::int64_t now_ns = 1; now_ns < 60'000'000'000;
         now_ns += static_cast<std::int64_t>(1'000'000 / load)) {
      if (queue.arrive(now_ns) == QueueVerdict::kTake) ++queue.backlog;
      if (now_ns < 30'000'000'000) continue;
      sum += queue.red.average_bytes();
      ++counted;
    }
    EXPECT_GT(sum / counted, 5'000 + 0.3 * 10'000) << "load " << load;
    EXPECT_LT(sum / counted, 5'000 + 0.7 * 10'000) << "load " << load;
  }
}

TEST(RedTest, MarksBelowTheUpperThresholdAndDropsBeyond) {
  RedQueue queue(
      {.kind = QueueKind::kRed, .min_bytes = 5'000, .max_bytes = 15'000, .probability = 0.1});
  std::size_t marked = 0;
  std::size_t dropped = 0;
  for (std::int64_t now_ns = 1; now_ns < 20'000'000'000; now_ns += 666'667) {
    const QueueVerdict verdict = queue.arrive(now_ns, true);
    marked += verdict == QueueVerdict::kMark ? 1U : 0U;
    dropped += verdict == QueueVerdict::kDrop ? 1U : 0U;
    if (verdict == QueueVerdict::kDrop) {
      EXPECT_GE(queue.red.average_bytes(), 15'000);
    } else {
      ++queue.backlog;
    }
  }
  EXPECT_GT(marked, 10U);
  EXPECT_GT(dropped, 5'000U) << "a third of 30,000: marks alone do not slow this sender";
  EXPECT_EQ(queue.red.max_probability(), 0.1) << "what was asked for is kept";
}

}  // namespace
}  // namespace tunrelay::test
