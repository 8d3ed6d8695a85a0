// SPDX-License-Identifier: MIT
// The histogram against what it stands for: its slots against the rule of the layout, its
// percentiles against sorted values.
#include "metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::scaled;
using test::SeededRandom;

constexpr std::int64_t kHighest = Histogram::kHighest;
constexpr std::size_t kPerMillion[] = {1,       1'000,   10'000,  100'000, 250'000,
                                       500'000, 900'000, 990'000, 999'999, 1'000'000};

/// All slots by the rule: 2048 of width 1, then 1024 of each next power of two, up to the one
/// whose thousand holds the highest value.
std::vector<std::pair<std::int64_t, std::int64_t>> slots_by_rule() {
  std::vector<std::pair<std::int64_t, std::int64_t>> slots;
  std::int64_t next = 0;
  for (std::int64_t width = 1; next <= kHighest; width *= 2)
    for (int slot = 0; slot < (width == 1 ? 2048 : 1024); ++slot, next += width)
      slots.emplace_back(next, next + width - 1);
  return slots;
}

/// From 1 to 10^11, each decade as likely as another.
std::int64_t any_value(SeededRandom& random) {
  const double decade = static_cast<double>(random.between(0, 10'999'999)) / 1e6;
  return std::min(kHighest, static_cast<std::int64_t>(std::pow(10, decade)));
}

Histogram histogram_of_all(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(value);
  return histogram;
}

TEST(Histogram, HasTheSlotsOfTheLayout) {
  const auto slots = slots_by_rule();
  ASSERT_EQ(Histogram().counts().size(), slots.size());
  EXPECT_EQ(slots.size(), 28672U) << "what HdrHistogram has for 1 to 10^11 and three digits";
  for (std::size_t index = 0; index < slots.size(); ++index) {
    const auto [lowest, highest] = slots[index];
    ASSERT_EQ(Histogram::lowest_at(index), lowest) << index;
    ASSERT_EQ(Histogram::highest_at(index), highest) << index;
    if (highest > kHighest) continue;
    ASSERT_EQ(Histogram::index_of(lowest), index);
    ASSERT_EQ(Histogram::index_of(highest), index);
    // A slot is at most a thousandth of its values wide.
    ASSERT_LE((highest - lowest) * 1000, highest) << index;
  }
}

TEST(Histogram, TakesValuesOutsideAsTheNearestInside) {
  Histogram histogram;
  histogram.record(-1);
  histogram.record(std::numeric_limits<std::int64_t>::min());
  histogram.record(kHighest + 1, 3);
  histogram.record(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram.outside(), 6U);
  EXPECT_EQ(histogram.count(), 6U);
  EXPECT_EQ(histogram.lowest(), 0);
  EXPECT_EQ(histogram.highest(), Histogram::highest_at(Histogram::index_of(kHighest)));
  histogram.record(0);
  histogram.record(kHighest);
  EXPECT_EQ(histogram.outside(), 6U) << "the limits themselves are inside";
  EXPECT_EQ(histogram.counts()[0], 3U);
}

TEST(Histogram, OfNothingSaysZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.lowest(), 0);
  EXPECT_EQ(histogram.highest(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.standard_deviation(), 0);
  EXPECT_EQ(histogram.value_at_percentile(50), 0);
  EXPECT_EQ(histogram.count_up_to(kHighest), 0U);
}

TEST(Histogram, AnswersPercentilesAsSortedValuesDo) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(40); ++round) {
    std::vector<std::int64_t> values(random.between(1, round % 2 == 0 ? 20 : 20'000));
    for (std::int64_t& value : values) value = any_value(random);
    const Histogram histogram = histogram_of_all(values);
    std::sort(values.begin(), values.end());
    for (const std::size_t per_million : kPerMillion) {
      // The smallest value that so many of them, rounded up, do not exceed.
      const std::size_t rank = (values.size() * per_million + 999'999) / 1'000'000;
      const std::int64_t exact = values[rank - 1];
      ASSERT_EQ(histogram.value_at_percentile(static_cast<double>(per_million) / 1e4),
                Histogram::highest_at(Histogram::index_of(exact)))
          << per_million << " millionths of " << values.size();
    }
    ASSERT_EQ(histogram.value_at_percentile(0),
              Histogram::lowest_at(Histogram::index_of(values.front())));
    ASSERT_EQ(histogram.lowest(), histogram.value_at_percentile(0));
    ASSERT_EQ(histogram.highest(), histogram.value_at_percentile(100));
  }
}

TEST(Histogram, TakesStrangePercentilesAsTheNearestOnes) {
  const Histogram histogram = histogram_of_all({10, 20, 30});
  EXPECT_EQ(histogram.value_at_percentile(-5), 10);
  EXPECT_EQ(histogram.value_at_percentile(1e9), 30);
  EXPECT_EQ(histogram.value_at_percentile(std::numeric_limits<double>::infinity()), 30);
  EXPECT_EQ(histogram.value_at_percentile(std::numeric_limits<double>::quiet_NaN()), 10);
}

/// HdrHistogram's rounding: up to the next whole value, but not for the last bit of the fraction.
TEST(Histogram, RoundsTheCountOfAPercentileUp) {
  Histogram histogram;
  for (std::int64_t value = 1; value <= 1000; ++value) histogram.record(value);
  for (std::int64_t tenths = 1; tenths <= 1000; ++tenths)
    ASSERT_EQ(histogram.value_at_percentile(static_cast<double>(tenths) / 10), tenths);
  EXPECT_EQ(histogram.value_at_percentile(50.001), 501);
  EXPECT_EQ(histogram.value_at_percentile(49.999), 500);
}

TEST(Histogram, HasMeanAndDeviationToItsPrecision) {
  SeededRandom random;
  std::vector<std::int64_t> values(scaled(20'000));
  for (std::int64_t& value : values) value = any_value(random);
  double mean = 0;
  for (const std::int64_t value : values) mean += static_cast<double>(value);
  mean /= static_cast<double>(values.size());
  double variance = 0;
  for (const std::int64_t value : values)
    variance += std::pow(static_cast<double>(value) - mean, 2);
  const double deviation = std::sqrt(variance / static_cast<double>(values.size()));
  const Histogram histogram = histogram_of_all(values);
  EXPECT_NEAR(histogram.mean(), mean, mean / 1000);
  EXPECT_NEAR(histogram.standard_deviation(), deviation, deviation / 500);

  const Histogram exact = histogram_of_all({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(exact.mean(), 5);
  EXPECT_EQ(exact.standard_deviation(), 2);
  // 2049 stands with 2048: of two middles it is the upper.
  EXPECT_EQ(histogram_of_all({2048}).mean(), 2049);
}

TEST(Histogram, AddsUpAsIfAllHadBeenRecordedInOne) {
  SeededRandom random;
  std::vector<Histogram> parts(4);
  Histogram whole;
  for (std::size_t round = 0; round < scaled(10'000); ++round) {
    const std::int64_t value = any_value(random) * (random.chance(0.01) ? -1 : 1);
    const std::uint64_t count = random.between(0, 3);
    parts[random.between(0, 3)].record(value, count);
    for (std::uint64_t times = 0; times < count; ++times) whole.record(value);
  }
  Histogram sum;
  for (const Histogram& part : parts) sum += part;
  EXPECT_EQ(sum, whole);
  EXPECT_EQ(sum.count(), whole.count());
  EXPECT_EQ(sum.outside(), whole.outside());
  sum.record(7);
  EXPECT_FALSE(sum == whole);
  sum.clear();
  EXPECT_EQ(sum, Histogram());
  EXPECT_EQ(sum.count(), 0U);
  EXPECT_EQ(sum.outside(), 0U);
}

TEST(Histogram, ShowsItsSlotsInOrder) {
  SeededRandom random;
  std::vector<std::int64_t> values(1'000);
  for (std::int64_t& value : values) value = any_value(random);
  const Histogram histogram = histogram_of_all(values);
  std::sort(values.begin(), values.end());
  std::uint64_t so_far = 0;
  histogram.for_each_slot([&](const Histogram::Slot& slot) {
    const auto first = std::lower_bound(values.begin(), values.end(), slot.lowest);
    const auto last = std::upper_bound(values.begin(), values.end(), slot.highest);
    ASSERT_EQ(static_cast<std::uint64_t>(first - values.begin()), so_far);
    so_far = static_cast<std::uint64_t>(last - values.begin());
    ASSERT_EQ(slot.count, static_cast<std::uint64_t>(last - first));
    ASSERT_EQ(slot.count_so_far, so_far);
    ASSERT_EQ(histogram.count_up_to(slot.lowest), so_far);
    ASSERT_EQ(histogram.count_up_to(slot.highest), so_far);
    ASSERT_EQ(histogram.count_up_to(slot.lowest - 1), so_far - slot.count);
  });
  EXPECT_EQ(so_far, values.size());
  EXPECT_EQ(histogram.count_up_to(-1), 0U);
  EXPECT_EQ(histogram.count_up_to(std::numeric_limits<std::int64_t>::max()), values.size());
}

}  // namespace
}  // namespace tunrelay
