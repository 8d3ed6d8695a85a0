// SPDX-License-Identifier: MIT
// P-values, the discount for serial dependence, and the correction for many metrics.
#include "analysis/significance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "analysis/holm.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::SeededRandom;
using testing::ElementsAre;

/// A first-order autoregressive series.
std::vector<double> wandering(SeededRandom& random, std::size_t count, double correlation) {
  std::normal_distribution<double> normal;
  std::vector<double> values;
  double now = normal(random.generator());
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(now);
    now = correlation * now + std::sqrt(1 - correlation * correlation) * normal(random.generator());
  }
  return values;
}

double median_inflation(SeededRandom& random, std::size_t count, double correlation) {
  std::vector<double> inflations;
  for (int i = 0; i < 401; ++i)
    inflations.push_back(variance_inflation(wandering(random, count, correlation)));
  std::nth_element(inflations.begin(), inflations.begin() + 200, inflations.end());
  return inflations[200];
}

TEST(SignificanceTest, KnowsTheNormalDistribution) {
  EXPECT_NEAR(p_of_z(1.959963984540054), 0.05, 1e-15);
  EXPECT_NEAR(p_of_z(-1.959963984540054), 0.05, 1e-15);
  EXPECT_NEAR(z_of_p(0.05), 1.959963984540054, 1e-13);
  EXPECT_EQ(z_of_p(1), 0);
  EXPECT_NEAR(z_of_p(p_of_z(12)), 12, 1e-12);
  EXPECT_GT(z_of_p(0), 37) << "what underflows is far out, not an error";
}

TEST(SignificanceTest, DiscountAndItsInverseMeet) {
  for (const double p : {1e-12, 0.001, 0.05, 0.7})
    for (const double inflation : {1.0, 1.3, 4.0}) {
      EXPECT_NEAR(undiscounted_p(discounted_p(p, inflation), inflation), p, p * 1e-10);
      EXPECT_GE(discounted_p(p, inflation), p);
    }
  EXPECT_NEAR(discounted_p(p_of_z(4), 4), p_of_z(2), 1e-15);
}

TEST(VarianceInflationTest, IsOneOfFewAndOfEqualAndOfAlternatingValues) {
  EXPECT_EQ(variance_inflation(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9}), 1);
  EXPECT_EQ(variance_inflation(std::vector<double>(30, 4.0)), 1);
  std::vector<double> alternating;
  for (int i = 0; i < 30; ++i) alternating.push_back(i % 2 == 0 ? 1 + i * 1e-3 : -1 - i * 1e-3);
  EXPECT_EQ(variance_inflation(alternating), 1);
}

TEST(VarianceInflationTest, ShowsHowMuchValuesFollowEachOther) {
  SeededRandom random(11);
  EXPECT_LT(median_inflation(random, 100, 0), 1.1);
  // Of the ranks of a normal series of correlation 0.5, it is 6 / pi asin(0.25) = 0.483.
  EXPECT_NEAR(median_inflation(random, 400, 0.5), 1.483 / 0.517, 0.2);
  // Without the correction for short series it would be 1.46 here.
  EXPECT_NEAR(median_inflation(random, 20, 0.3), 1.288 / 0.712, 0.2);
}

TEST(VarianceInflationTest, DoesNotSeeScaleNorOutliers) {
  SeededRandom random;
  std::vector<double> values = wandering(random, 50, 0.7);
  const double before = variance_inflation(values);
  for (double& value : values) value = std::sinh(5 * value);
  EXPECT_EQ(variance_inflation(values), before);
}

TEST(HolmTest, CorrectsByHand) {
  // Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, none less than the one before.
  EXPECT_THAT(holm_corrected(std::vector<double>{0.04, 0.01, 0.03, 0.02}),
              ElementsAre(testing::DoubleEq(0.06), testing::DoubleEq(0.04), testing::DoubleEq(0.06),
                          testing::DoubleEq(0.06)));
  EXPECT_THAT(holm_corrected(std::vector<double>{0.5, 0.4}), ElementsAre(0.8, 0.8));
  EXPECT_THAT(holm_corrected(std::vector<double>{0.6, 0.9}), ElementsAre(1, 1));
  EXPECT_THAT(holm_corrected(std::vector<double>{0.03}), ElementsAre(0.03));
  EXPECT_TRUE(holm_corrected({}).empty());
}

}  // namespace
}  // namespace tunrelay
