// SPDX-License-Identifier: MIT
// Middles and widths: by hand here, against NumPy in scipy_test.cpp.
#include "analysis/quantiles.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tunrelay {
namespace {

TEST(QuantilesTest, InterpolateBetweenNeighbours) {
  const std::vector<double> values{40, 10, 30, 20};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 10);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 40);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 25);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 17.5) << "place 0.75 of 0 to 3";
  EXPECT_DOUBLE_EQ(quantile(values, 2.0 / 3), 30);
  EXPECT_DOUBLE_EQ(quantile(std::vector<double>{7}, 0.9), 7);
}

TEST(QuantilesTest, OneWildValueDoesNotWidenTheSpread) {
  EXPECT_DOUBLE_EQ(robust_spread(std::vector<double>{1, 2, 3, 4, 5}), 1.482602218505602);
  EXPECT_DOUBLE_EQ(robust_spread(std::vector<double>{1, 2, 3, 4, 5e9}), 1.482602218505602);
  EXPECT_DOUBLE_EQ(robust_spread(std::vector<double>{3, 3, 3, 9}), 0);
}

}  // namespace
}  // namespace tunrelay
