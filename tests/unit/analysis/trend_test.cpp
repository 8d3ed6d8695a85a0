// SPDX-License-Identifier: MIT
// Change points: where they are, that there are none without a change, and what is reported of
// them.
#include "analysis/trend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "analysis/change_points.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::scaled;
using test::SeededRandom;

/// COUNT values around LEVEL with heavy tails.
void append_level(std::vector<double>& values, SeededRandom& random, std::size_t count,
                  double level, double spread) {
  std::student_t_distribution<double> heavy(4);
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(level * std::exp(spread * heavy(random.generator())));
}

std::vector<HistoryPoint> history_of(const std::vector<double>& values) {
  std::vector<HistoryPoint> points;
  for (const double value : values)
    points.push_back({.commit = "c" + std::to_string(points.size()),
                      .time_utc = "day " + std::to_string(points.size()),
                      .values = {value}});
  return points;
}

double mean_distance(std::span<const double> left, std::span<const double> right) {
  double sum = 0;
  for (const double one : left)
    for (const double other : right) sum += std::abs(one - other);
  return sum / static_cast<double>(left.size() * right.size());
}

/// The divergence of the paper, by its definition; a sample's distance to itself is not a pair of
/// it.
double naive_divergence(std::span<const double> left, std::span<const double> right) {
  const double m = static_cast<double>(left.size());
  const double n = static_cast<double>(right.size());
  const double energy = 2 * mean_distance(left, right) - mean_distance(left, left) * m / (m - 1) -
                        mean_distance(right, right) * n / (n - 1);
  return m * n / (m + n) * energy;
}

std::size_t naive_split(std::span<const double> values, std::size_t shortest) {
  double best = 0;
  std::size_t at = 0;
  for (std::size_t split = shortest; split + shortest <= values.size(); ++split)
    for (std::size_t end = split + shortest; end <= values.size(); ++end) {
      const double divergence =
          naive_divergence(values.first(split), values.subspan(split, end - split));
      if (divergence <= best + 1e-12) continue;
      best = divergence;
      at = split;
    }
  return at;
}

TEST(ChangePointsTest, SplitWhereTheDefinitionSays) {
  SeededRandom random(1);
  std::size_t splits = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    std::vector<double> values;
    append_level(values, random, random.between(5, 15), 100, 0.03);
    append_level(values, random, random.between(5, 15), 103, 0.03);
    append_level(values, random, random.between(5, 15), 100, 0.03);
    // An alpha so high takes nearly every first split as it is, and no side is long enough for
    // another.
    const std::size_t shortest = values.size() / 3 + 1;
    const auto found = find_change_points(values, {.alpha = 0.99, .shortest = shortest});
    if (found.empty()) continue;
    ++splits;
    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(found[0].index, naive_split(values, shortest));
  }
  EXPECT_GT(splits, 50U);
}

TEST(ChangePointsTest, AreFoundUpAndDownAndBack) {
  SeededRandom random(2);
  std::vector<double> values;
  append_level(values, random, 30, 100, 0.01);
  append_level(values, random, 12, 106, 0.01);
  append_level(values, random, 30, 100, 0.01);
  const auto found = find_change_points(values);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(static_cast<double>(found[0].index), 30, 1);
  EXPECT_NEAR(static_cast<double>(found[1].index), 42, 1);
  EXPECT_LE(found[0].p, 0.01);
  EXPECT_EQ(find_change_points(values)[1].p, found[1].p) << "the same seed, the same answer";
}

TEST(ChangePointsTest, AreHardlyEverSeenWhereThereAreNone) {
  SeededRandom random(3);
  std::size_t alarms = 0;
  const std::size_t trials = scaled(300);
  for (std::size_t i = 0; i < trials; ++i) {
    std::vector<double> values;
    append_level(values, random, 60, 100, 0.05);
    if (!find_change_points(values).empty()) ++alarms;
  }
  const double rate = static_cast<double>(alarms) / static_cast<double>(trials);
  std::printf("a change is seen in %.1f %% of series without one\n", rate * 100);
  EXPECT_LE(rate, 0.025) << "alpha is 1 %";
}

TEST(ChangePointsTest, FewOrEqualValuesHaveNone) {
  EXPECT_TRUE(find_change_points({}).empty());
  EXPECT_TRUE(find_change_points(std::vector<double>{1, 2, 3, 4, 50}).empty());
  EXPECT_TRUE(find_change_points(std::vector<double>(50, 7)).empty());
}

TEST(TrendTest, NamesTheCommitAndTheChange) {
  SeededRandom random(4);
  std::vector<double> values;
  append_level(values, random, 25, 1e9, 0.005);
  append_level(values, random, 20, 0.93e9, 0.005);
  std::vector<HistoryPoint> points = history_of(values);
  points[25].values = {1, points[25].values[0], 3e9};
  points[10].values.clear();
  points[11].values = {std::numeric_limits<double>::quiet_NaN()};
  const Trend trend = find_trend(points, Better::kHigher);
  EXPECT_EQ(trend.used, 43U);
  EXPECT_EQ(trend.passed_over, 2U);
  ASSERT_EQ(trend.changes.size(), 1U);
  const TrendChange& change = trend.changes[0];
  EXPECT_EQ(change.index, 25U);
  EXPECT_EQ(change.commit, "c25");
  EXPECT_EQ(change.time_utc, "day 25");
  EXPECT_EQ(change.last_before, "c24");
  EXPECT_EQ(change.verdict, Verdict::kWorse);
  EXPECT_NEAR(change.change, -0.07, 0.005);
  EXPECT_NEAR(change.before_median, 1e9, 0.005e9);
  EXPECT_NEAR(change.after_median, 0.93e9, 0.005e9);
  EXPECT_EQ(find_trend(points, Better::kLower).changes[0].verdict, Verdict::kBetter);
  EXPECT_EQ(find_trend(points, Better::kNeither).changes[0].verdict, std::nullopt);
}

TEST(TrendTest, PassesOverWhatIsTooSmallAndJoinsItsSides) {
  SeededRandom random(5);
  std::vector<double> values;
  append_level(values, random, 20, 100, 0.001);
  append_level(values, random, 20, 101, 0.001);
  append_level(values, random, 20, 120, 0.001);
  const auto points = history_of(values);
  EXPECT_EQ(
      find_trend(points, Better::kHigher, {.min_effect = 0, .change_points = {}}).changes.size(),
      2U);
  const Trend trend = find_trend(points, Better::kHigher);
  ASSERT_EQ(trend.changes.size(), 1U);
  EXPECT_EQ(trend.changes[0].commit, "c40");
  EXPECT_NEAR(trend.changes[0].before_median, 100.5, 0.2) << "of both levels before";
}

TEST(TrendTest, LooksAtTheNewestPointsOnly) {
  SeededRandom random(6);
  std::vector<double> values;
  append_level(values, random, 30, 100, 0.005);
  append_level(values, random, 30, 150, 0.005);
  const Trend trend =
      find_trend(history_of(values), Better::kHigher, {.change_points = {}, .longest = 25});
  EXPECT_EQ(trend.used, 25U);
  EXPECT_EQ(trend.passed_over, 35U);
  EXPECT_TRUE(trend.changes.empty());
}

TEST(TrendTest, TakesValuesThatAreZero) {
  std::vector<double> values(20, 0);
  for (int i = 0; i < 20; ++i) values.push_back(3 + 0.01 * (i % 5));
  const Trend trend = find_trend(history_of(values), Better::kLower);
  ASSERT_EQ(trend.changes.size(), 1U);
  EXPECT_EQ(trend.changes[0].commit, "c20");
  EXPECT_EQ(trend.changes[0].change, std::numeric_limits<double>::infinity());
  EXPECT_EQ(trend.changes[0].verdict, Verdict::kWorse);
  std::reverse(values.begin(), values.end());
  EXPECT_EQ(find_trend(history_of(values), Better::kLower).changes[0].change, -1);
}

}  // namespace
}  // namespace tunrelay
