// SPDX-License-Identifier: MIT
// What a host can see: the answer against what the verdicts then do see.
#include "analysis/noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "analysis/compare.hpp"
#include "analysis_fixture.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::add_samples;
using test::scaled;
using test::SeededRandom;
using test::SharedHost;

std::vector<double> normal_ratios(std::uint64_t seed, std::size_t count, double sigma) {
  SeededRandom random(seed);
  std::normal_distribution<double> normal(0, sigma);
  std::vector<double> ratios(count);
  for (double& ratio : ratios) ratio = normal(random.generator());
  return ratios;
}

TEST(NoiseTest, IsThatOfTheFormulaForNormalNoise) {
  // The interval's half width and the power's quantile: (3.29 + 1.28) sigma / sqrt(n), and by 3 /
  // pi less efficient, for one metric at alpha 0.001.
  const double expected = (3.2905 + 1.2816) * 0.05 / std::sqrt(200) / std::sqrt(3 / M_PI);
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    sum += smallest_visible_change(normal_ratios(seed, 200, 0.05), 1, {.min_effect = 0});
  EXPECT_GT(sum / 8, expected);
  EXPECT_LT(sum / 8, 1.15 * expected) << "the discount for what might follow alike costs a little";
}

TEST(NoiseTest, ShrinksWithRoundsAndGrowsWithMetricsAndPower) {
  const std::vector<double> ratios = normal_ratios(2, 60, 0.05);
  const JudgeOptions judge{.min_effect = 0};
  const double visible = smallest_visible_change(ratios, 1, judge);
  EXPECT_NEAR(smallest_visible_change(ratios, 1, judge, {.rounds = 240}), visible / 2,
              0.15 * visible);
  EXPECT_GT(smallest_visible_change(ratios, 20, judge), visible);
  EXPECT_LT(smallest_visible_change(ratios, 1, judge, {.power = 0.5}), visible);
  EXPECT_EQ(smallest_visible_change(ratios, 1, judge), visible) << "the same seed, the same answer";
}

TEST(NoiseTest, ChangesBelowTheMinimumEffectAreNotSeen) {
  const std::vector<double> quiet = normal_ratios(3, 60, 0.0005);
  const double visible = smallest_visible_change(quiet, 1, {.min_effect = 0.02});
  EXPECT_GE(visible, 0.02);
  EXPECT_LT(visible, 0.021);
}

TEST(NoiseTest, AShiftOfTheRunItselfIsNoNoise) {
  std::vector<double> ratios = normal_ratios(4, 60, 0.05);
  const double visible = smallest_visible_change(ratios, 1, {});
  for (double& ratio : ratios) ratio += 0.3;
  EXPECT_NEAR(smallest_visible_change(ratios, 1, {}), visible, 1e-9);
}

TEST(NoiseTest, FewRoundsSeeNothing) {
  EXPECT_TRUE(std::isinf(smallest_visible_change(normal_ratios(5, 8, 0.001), 1, {})));
  EXPECT_TRUE(
      std::isinf(smallest_visible_change(normal_ratios(5, 80, 0.001), 6, {}, {.rounds = 13})));
  EXPECT_FALSE(
      std::isinf(smallest_visible_change(normal_ratios(5, 80, 0.001), 6, {}, {.rounds = 40})));
}

TEST(NoiseTest, WhatItNamesIsFoundInNineOfTen) {
  SeededRandom random(6);
  Result quiet;
  SharedHost(random, 0.95).measure(quiet.metric("m", "bits_per_s", Better::kHigher), 400, 0);
  const std::vector<NoiseFloor> floors = noise_floors(quiet, {}, {.rounds = 80});
  ASSERT_EQ(floors.size(), 1U);
  EXPECT_EQ(floors[0].rounds, 400U);
  EXPECT_NEAR(floors[0].spread, 0.052, 0.008);
  const std::size_t trials = scaled(400);
  std::size_t found = 0;
  for (std::size_t i = 0; i < trials; ++i) {
    Result result;
    SharedHost(random, 0.95)
        .measure(result.metric("m", "bits_per_s", Better::kHigher), 80, floors[0].visible_change);
    if (compare_paths(result).verdict == Verdict::kBetter) ++found;
  }
  const double power = static_cast<double>(found) / static_cast<double>(trials);
  EXPECT_NEAR(power, 0.9, 0.07) << "at a change of " << floors[0].visible_change;
}

TEST(NoiseTest, OfOneLinkIsComputedFromNeighbouringRounds) {
  SeededRandom random(8);
  std::lognormal_distribution<double> alike(5, 0.03);
  std::vector<double> values(401);
  for (double& value : values) value = alike(random.generator());
  Result result;
  add_samples(result.metric("a", "ns", Better::kLower), kSubject, values);
  add_samples(result.metric("b", "ns", Better::kNeither), kSubject, values);
  add_samples(result.metric("c", "ns", Better::kLower), kSubject, {1});
  add_samples(result.metric("d", "ns", Better::kLower), kSubject, {0, 0, 0, 0});
  const std::vector<NoiseFloor> floors = noise_floors(result, {});
  ASSERT_EQ(floors.size(), 1U) << "the others show nothing";
  EXPECT_EQ(floors[0].metric, "a");
  EXPECT_EQ(floors[0].rounds, 200U);
  EXPECT_NEAR(floors[0].spread, 0.03 * std::sqrt(2), 0.008) << "of a ratio of two";
}

}  // namespace
}  // namespace tunrelay
