// SPDX-License-Identifier: MIT
#include "analysis/quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// 1 / (the 75th percentile of the standard normal distribution).
constexpr double kSigmaPerMad = 1.482602218505602;

}  // namespace

double quantile(std::span<const double> values, double probability) {
  ensure(!values.empty(), "a quantile needs some values");
  ensure(probability >= 0 && probability <= 1, "a quantile's probability lies within 0 and 1");
  std::vector<double> sorted(values.begin(), values.end());
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(position);
  const double share = position - static_cast<double>(below);
  const auto at = sorted.begin() + below;
  std::nth_element(sorted.begin(), at, sorted.end());
  if (share == 0) return *at;
  const double next = *std::min_element(at + 1, sorted.end());
  return std::lerp(*at, next, share);
}

double robust_spread(std::span<const double> values) {
  const double middle = quantile(values, 0.5);
  std::vector<double> distances(values.begin(), values.end());
  for (double& distance : distances) distance = std::abs(distance - middle);
  return kSigmaPerMad * quantile(distances, 0.5);
}

}  // namespace tunrelay
