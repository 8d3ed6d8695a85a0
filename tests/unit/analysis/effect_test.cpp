// SPDX-License-Identifier: MIT
// The evidence on one metric: relative sizes, signs, pairs, and what is left when a value is 0.
#include "analysis/effect.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "analysis_fixture.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::SeededRandom;
using test::spread_values;

std::vector<double> positive_values(SeededRandom& random, std::size_t count) {
  std::lognormal_distribution<double> distribution(3, 0.1);
  std::vector<double> values(count);
  for (double& value : values) value = distribution(random.generator());
  return values;
}

std::vector<double> times(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

TEST(EffectTest, OfARatioIsThatRatio) {
  const std::vector<double> base = spread_values(20, 100);
  const Effect paired = paired_effect(base, times(base, 0.95), 0.95);
  EXPECT_NEAR(paired.change, -0.05, 1e-12);
  EXPECT_NEAR(paired.low, -0.05, 1e-12) << "every round says the same";
  EXPECT_NEAR(paired.high, -0.05, 1e-12);
  EXPECT_LT(paired.p, 1e-3);
  EXPECT_TRUE(paired.paired);
  const Effect unpaired = unpaired_effect(base, times(base, 2), 0.95);
  EXPECT_NEAR(unpaired.change, 1, 1e-12);
  EXPECT_LT(unpaired.low, 1);
  EXPECT_GT(unpaired.high, 1);
  EXPECT_EQ(unpaired.base_count, 20U);
}

TEST(EffectTest, PairsTakeOutWhatMovesBothAlike) {
  SeededRandom random(2);
  const std::vector<double> base = spread_values(30, 100);
  std::vector<double> head = times(base, 1.02);
  for (double& value : head) value *= 1 + static_cast<double>(random.between(0, 100)) * 1e-5;
  EXPECT_LT(paired_effect(base, head, 0.95).p, 1e-4);
  EXPECT_GT(unpaired_effect(base, head, 0.95).p, 0.1);
}

/// The same in the other direction: 1.25 times as much is 0.8 times as much.
void expect_turned(const Effect& effect, const Effect& other) {
  EXPECT_NEAR((1 + effect.change) * (1 + other.change), 1, 1e-12);
  EXPECT_NEAR(1 + effect.low, 1 / (1 + other.high), 1e-12) << "1 / infinity is 0, as it should";
  EXPECT_NEAR(1 + other.low, 1 / (1 + effect.high), 1e-12);
  EXPECT_NEAR(effect.p, other.p, 1e-12);
}

void expect_alike(const Effect& effect, const Effect& other) {
  EXPECT_NEAR(effect.change, other.change, 1e-12);
  EXPECT_NEAR(effect.low, other.low, 1e-12);
  EXPECT_NEAR(1 / (1 + effect.high), 1 / (1 + other.high), 1e-12) << "infinite ones, too";
  EXPECT_NEAR(effect.p, other.p, 1e-12);
}

TEST(EffectTest, TurnsWithItsSidesAndDoesNotSeeTheUnit) {
  SeededRandom random;
  for (std::size_t i = 0; i < test::scaled(100); ++i) {
    const std::size_t count = random.between(10, 70);
    const std::vector<double> base = positive_values(random, count);
    const std::vector<double> head = positive_values(random, count);
    const Effect paired = paired_effect(base, head, 0.95);
    const Effect unpaired = unpaired_effect(base, head, 0.95);
    expect_turned(paired, paired_effect(head, base, 0.95));
    expect_turned(unpaired, unpaired_effect(head, base, 0.95));
    expect_alike(paired, paired_effect(times(base, 1024), times(head, 1024), 0.95));
    expect_alike(unpaired, unpaired_effect(times(base, 1024), times(head, 1024), 0.95));
    EXPECT_LE(paired.low, paired.change);
    EXPECT_GE(paired.high, paired.change);
  }
}

TEST(EffectTest, OfFewUnpairedValuesDoesNotDependOnTheirOrder) {
  // With ten or more, neighbours that are alike count as less: there the order counts.
  SeededRandom random;
  for (std::size_t i = 0; i < test::scaled(50); ++i) {
    std::vector<double> base = positive_values(random, 9);
    std::vector<double> head = positive_values(random, 8);
    const Effect effect = unpaired_effect(base, head, 0.9);
    std::shuffle(base.begin(), base.end(), random.generator());
    std::shuffle(head.begin(), head.end(), random.generator());
    expect_alike(effect, unpaired_effect(base, head, 0.9));
  }
}

TEST(EffectTest, RoundsThatFollowEachOtherCountAsFewer) {
  SeededRandom random(4);
  std::vector<double> head = positive_values(random, 60);
  const std::vector<double> base(60, std::exp(3 - 0.02));
  const Effect mixed = paired_effect(base, head, 0.95);
  std::sort(head.begin(), head.end());
  const Effect sorted = paired_effect(base, head, 0.95);
  EXPECT_GT(sorted.inflation, 4);
  EXPECT_GT(sorted.p, mixed.p);
  EXPECT_GT(sorted.high - sorted.low, 2 * (mixed.high - mixed.low));
}

TEST(EffectTest, WithoutRatiosIsRelativeToTheMeanSize) {
  const std::vector<double> base{0, 0, 1, 0, 0, 1, 0, 0, 0, 0};
  const std::vector<double> head{3, 4, 5, 3, 4, 5, 3, 4, 4, 3};
  const double size = (0.2 + 3.8) / 2;
  const Effect effect = unpaired_effect(base, head, 0.95);
  EXPECT_NEAR(effect.change, 4 / size, 1e-12);
  EXPECT_LT(effect.p, 0.001);
  const Effect turned = unpaired_effect(head, base, 0.95);
  EXPECT_NEAR(turned.change, -effect.change, 1e-12);
  EXPECT_NEAR(turned.low, -effect.high, 1e-12);
}

TEST(EffectTest, OfNothingButZerosIsNone) {
  const std::vector<double> zeros(12, 0);
  for (const Effect& effect :
       {paired_effect(zeros, zeros, 0.95), unpaired_effect(zeros, zeros, 0.95)}) {
    EXPECT_EQ(effect.change, 0);
    EXPECT_EQ(effect.low, 0);
    EXPECT_EQ(effect.high, 0);
    EXPECT_EQ(effect.p, 1);
  }
}

TEST(EffectTest, KnowsTheLeastPOfItsCounts) {
  EXPECT_NEAR(paired_effect(spread_values(5, 1), spread_values(5, 2), 0.95).least_p(), 2.0 / 32,
              1e-12);
  EXPECT_NEAR(unpaired_effect(spread_values(5, 1), spread_values(4, 2), 0.95).least_p(), 2.0 / 126,
              1e-12);
}

}  // namespace
}  // namespace tunrelay
