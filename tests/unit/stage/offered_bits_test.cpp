// SPDX-License-Identifier: MIT
// What a link could have carried, against counting moment by moment.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "stage/link_pace.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::scaled;
using test::SeededRandom;

constexpr std::int64_t kOriginNs = 5 * kNanosecondsPerSecond;

TEST(OfferedBits, OfARateAreRateTimesTime) {
  const RatePace pace({{0, 8'000}}, 0, kOriginNs, 0);
  EXPECT_EQ(pace.offered_bits(kOriginNs, kOriginNs + kNanosecondsPerSecond), 8'000U);
  EXPECT_EQ(pace.offered_bits(kOriginNs, kOriginNs), 0U);
}

TEST(OfferedBits, OfStepsAreThoseOfEachMillisecond) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(100); ++round) {
    std::vector<RatePace::Step> steps;
    std::int64_t start_ms = 0;
    for (std::uint64_t count = random.between(1, 5); count != 0; --count) {
      steps.push_back({start_ms * kNanosecondsPerMillisecond, random.between(0, 9) * 1'000'000});
      start_ms += static_cast<std::int64_t>(random.between(1, 20));
    }
    const std::int64_t period_ms = random.chance(0.5) ? start_ms : 0;
    RatePace pace(steps, period_ms * kNanosecondsPerMillisecond, kOriginNs, 0);
    const auto from_ms = static_cast<std::int64_t>(random.between(0, 50));
    const auto to_ms = from_ms + static_cast<std::int64_t>(random.between(0, 100));
    std::uint64_t expected = 0;
    for (std::int64_t at_ms = from_ms; at_ms < to_ms; ++at_ms)
      expected += pace.bits_per_s(kOriginNs + at_ms * kNanosecondsPerMillisecond) / 1'000;
    ASSERT_EQ(pace.offered_bits(kOriginNs + from_ms * kNanosecondsPerMillisecond,
                                kOriginNs + to_ms * kNanosecondsPerMillisecond),
              expected)
        << "seed " << random.seed() << " round " << round;
  }
}

TEST(OfferedBits, OfATraceAreItsOpportunities) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(300); ++round) {
    std::vector<std::int64_t> times_ns;
    for (std::uint64_t count = random.between(0, 8); count != 0; --count)
      times_ns.push_back(static_cast<std::int64_t>(random.between(0, 9)));
    times_ns.push_back(static_cast<std::int64_t>(random.between(1, 10)));
    std::sort(times_ns.begin(), times_ns.end());
    const OpportunityPace pace(std::make_shared<const std::vector<std::int64_t>>(times_ns),
                               kOriginNs);
    const auto from_ns = static_cast<std::int64_t>(random.between(0, 40));
    const auto to_ns = from_ns + static_cast<std::int64_t>(random.between(0, 40));
    std::uint64_t expected = 0;
    for (std::int64_t begin_ns = 0; begin_ns < to_ns; begin_ns += times_ns.back())
      for (const std::int64_t time_ns : times_ns)
        if (begin_ns + time_ns >= from_ns && begin_ns + time_ns < to_ns)
          expected += std::uint64_t{OpportunityPace::kOpportunityBytes} * 8;
    ASSERT_EQ(pace.offered_bits(kOriginNs + from_ns, kOriginNs + to_ns), expected)
        << "seed " << random.seed() << " round " << round << " from " << from_ns << " to " << to_ns;
  }
}

}  // namespace
}  // namespace tunrelay
