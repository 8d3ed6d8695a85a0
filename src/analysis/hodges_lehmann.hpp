// SPDX-License-Identifier: MIT
// By how much one sample lies above another, robustly: the Hodges-Lehmann estimate (1963) with the
// distribution-free confidence interval that belongs to the rank test of analysis/rank_tests.hpp:
// it holds the shifts that the test does not reject.
#pragma once

#include <limits>
#include <span>

namespace tunrelay {

struct Shift {
  double estimate = 0;
  /// Of the confidence interval; infinite when the sample is too small for the confidence.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// The middle of DIFFERENCES: the median of the means of all pairs (Walsh averages). The interval
/// misses the true middle of a symmetric distribution with probability ALPHA at most.
/// DIFFERENCES must not be empty.
[[nodiscard]] Shift one_sample_shift(std::span<const double> differences, double alpha);

/// By how much HEAD is more than BASE: the median of the differences of all pairs.
/// Neither may be empty.
[[nodiscard]] Shift two_sample_shift(std::span<const double> base, std::span<const double> head,
                                     double alpha);

}  // namespace tunrelay
