// SPDX-License-Identifier: MIT
// How well a median is known: against the tables, and as often right as it says.
#include "analysis/precision.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::SeededRandom;

std::vector<double> shuffled_up_to(std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 1; i <= count; ++i) values.push_back(static_cast<double>(i));
  SeededRandom random(3);
  std::shuffle(values.begin(), values.end(), random.generator());
  return values;
}

TEST(PrecisionTest, HasTheIntervalOfTheTables) {
  // 20 values at 95 %: from the 6th least to the 6th greatest (Conover, table A3).
  const Precision twenty = precision_of_median(shuffled_up_to(20), 0.95);
  EXPECT_EQ(twenty.median, 10.5);
  EXPECT_EQ(twenty.low, 6);
  EXPECT_EQ(twenty.high, 15);
  EXPECT_DOUBLE_EQ(twenty.relative_half_width(), 4.5 / 10.5);
}

TEST(PrecisionTest, FiveValuesNeverReach95PercentAndSixDo) {
  EXPECT_TRUE(std::isinf(precision_of_median(shuffled_up_to(5), 0.95).relative_half_width()));
  const Precision six = precision_of_median(shuffled_up_to(6), 0.95);
  EXPECT_EQ(six.low, 1) << "all six on one side of the median: 2 / 64";
  EXPECT_EQ(six.high, 6);
  EXPECT_TRUE(std::isinf(precision_of_median(std::vector<double>{1}, 0.5).high));
}

TEST(PrecisionTest, OfEqualValuesIsPerfect) {
  EXPECT_EQ(precision_of_median(std::vector<double>(8, 0.0), 0.95).relative_half_width(), 0);
  const std::vector<double> around_zero{-3, -2, -1, 0, 0, 1, 2, 3};
  EXPECT_TRUE(std::isinf(precision_of_median(around_zero, 0.95).relative_half_width()));
}

TEST(PrecisionTest, HoldsTheMedianAtLeastAsOftenAsItSays) {
  SeededRandom random(5);
  std::exponential_distribution<double> skewed;
  std::size_t held = 0;
  const std::size_t trials = 2000;
  for (std::size_t i = 0; i < trials; ++i) {
    std::vector<double> values(30);
    for (double& value : values) value = skewed(random.generator());
    const Precision precision = precision_of_median(values, 0.9);
    if (precision.low <= std::log(2) && std::log(2) <= precision.high) ++held;
  }
  const double rate = static_cast<double>(held) / trials;
  EXPECT_GT(rate, 0.89);
  EXPECT_LT(rate, 0.97) << "the interval is not wider than it has to be";
}

TEST(PrecisionTest, ValuesThatFollowEachOtherCountAsFewer) {
  std::vector<double> mixed = shuffled_up_to(60);
  std::vector<double> rising = mixed;
  std::sort(rising.begin(), rising.end());
  EXPECT_GT(precision_of_median(rising, 0.95).relative_half_width(),
            1.5 * precision_of_median(mixed, 0.95).relative_half_width());
}

}  // namespace
}  // namespace tunrelay
