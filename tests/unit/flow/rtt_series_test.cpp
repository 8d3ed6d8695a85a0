// SPDX-License-Identifier: MIT
// The round-trip times of a flow: quantiles from a small histogram, and which segments are
// measured.
#include "flow/rtt_series.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "flow/rtt_sampler.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(RttSeriesTest, QuantilesAreThoseOfTheValues) {
  test::SeededRandom random;
  for (std::size_t round = 0; round < test::scaled(300); ++round) {
    RttSeries series;
    std::vector<std::int64_t> values;
    // From microseconds to a second, spread over some doublings.
    const double middle = std::exp2(static_cast<double>(random.between(12, 29)));
    for (std::size_t count = random.between(1, 400); count != 0; --count) {
      const auto percent = static_cast<double>(random.between(50, 200));
      const auto times = random.between(1, 3);
      const auto value = static_cast<std::int64_t>(middle * percent / 100);
      series.record(value, times);
      values.insert(values.end(), times, value);
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(series.summary.count.get(), values.size());
    EXPECT_EQ(series.summary.lowest_ns.get(), static_cast<std::uint64_t>(values.front()));
    EXPECT_EQ(series.summary.highest_ns.get(), static_cast<std::uint64_t>(values.back()));
    for (const double quantile : {0.0, 0.5, 0.95, 0.99, 1.0}) {
      const auto rank =
          static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(values.size())));
      const auto expected = static_cast<double>(values[std::max<std::size_t>(rank, 1) - 1]);
      // A slot is that wide; "within 5 % or 20 us" leaves room for it.
      EXPECT_NEAR(series.quantile_ns(quantile), expected, std::max(4096.0, expected / 16))
          << "seed " << random.seed();
    }
  }
}

TEST(RttSeriesTest, IsZeroWithoutValuesAndKeepsWhatIsTooLong) {
  RttSeries series;
  EXPECT_EQ(series.quantile_ns(0.5), 0);
  EXPECT_EQ(series.summary.mean_ns(), 0);
  series.record(60'000'000'000, 1);
  EXPECT_EQ(series.quantile_ns(0.5), 60e9);
}

TEST(RttSamplerTest, KeepsSomeOfManySegmentsUnderWayAndIsRightAboutThem) {
  RttSampler sampler;
  constexpr std::uint32_t kSegments = 1000;
  constexpr std::int64_t kRttNs = 1'000'000;
  for (std::uint32_t segment = 0; segment < kSegments; ++segment)
    sampler.sent({segment * 100, segment * 100 + 100}, segment * 50);
  std::size_t samples = 0;
  for (std::uint32_t segment = 0; segment < kSegments; ++segment)
    if (const auto rtt = sampler.acknowledged(segment * 100 + 100, segment * 50 + kRttNs)) {
      EXPECT_EQ(*rtt, kRttNs);
      ++samples;
    }
  EXPECT_GE(samples, 8U) << "spread over all that is under way";
}

TEST(RttSamplerTest, ASegmentThatWasSentAgainIsNotMeasured) {
  RttSampler sampler;
  sampler.sent({0, 100}, 0);
  sampler.sent({100, 200}, 10);
  sampler.sent_again({0, 50});
  EXPECT_FALSE(sampler.acknowledged(100, 1000).has_value());
  EXPECT_EQ(sampler.acknowledged(200, 1000), 990);
  EXPECT_FALSE(sampler.acknowledged(300, 1000).has_value()) << "not seen";
}

TEST(RttSamplerTest, APartOfASuperPacketIsMeasuredToo) {
  RttSampler sampler;
  sampler.sent({0, 1000}, 0);
  EXPECT_EQ(sampler.acknowledged(300, 500), 500);
  EXPECT_EQ(sampler.acknowledged(1000, 700), 700);
}

}  // namespace
}  // namespace tunrelay
