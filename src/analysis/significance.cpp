// SPDX-License-Identifier: MIT
#include "analysis/significance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include <boost/math/special_functions/erf.hpp>

#include "analysis/ranks.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMinToReport = 10;
/// Beyond this a short series can't be distinguished from one that wanders freely.
constexpr double kHighestCorrelation = 0.9;

}  // namespace

double p_of_z(double z) {
  return std::erfc(std::abs(z) / std::numbers::sqrt2);
}

double z_of_p(double p) {
  if (p >= 1) return 0;
  return std::numbers::sqrt2 *
         boost::math::erfc_inv(std::max(p, std::numeric_limits<double>::min()));
}

double variance_inflation(std::span<const double> values) {
  if (values.size() < kMinToReport) return 1;
  const std::vector<double> ranks = rank(values).ranks;
  const double count = static_cast<double>(ranks.size());
  const double middle = (count + 1) / 2;
  double products = 0;
  double squares = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const double here = ranks[i] - middle;
    squares += here * here;
    if (i > 0) products += here * (ranks[i - 1] - middle);
  }
  if (squares == 0) return 1;  // all values alike
  const double unbiased = (count * products / squares + 1) / (count - 3);
  const double correlation = std::clamp(unbiased, 0.0, kHighestCorrelation);
  return (1 + correlation) / (1 - correlation);
}

double discounted_p(double p, double inflation) {
  return inflation <= 1 ? p : p_of_z(z_of_p(p) / std::sqrt(inflation));
}

double undiscounted_p(double p, double inflation) {
  return inflation <= 1 ? p : p_of_z(z_of_p(p) * std::sqrt(inflation));
}

}  // namespace tunrelay
