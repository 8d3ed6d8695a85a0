// SPDX-License-Identifier: MIT
// Where the middle of a sample lies and how wide it is, by order and not by sums: one sample that
// was disturbed moves neither. Pure functions; the values come in any order and must be finite.
// (The median itself is median_of() in result/test_path_summary.hpp.)
#pragma once

#include <span>

namespace tunrelay {

/// The value that the share PROBABILITY (0 to 1) of VALUES lies below, interpolated linearly
/// between neighbours: type 7 of Hyndman and Fan (1996), the default of NumPy and R.
/// VALUES must not be empty.
[[nodiscard]] double quantile(std::span<const double> values, double probability);

/// The standard deviation as the median absolute deviation estimates it: 1.4826 MAD, which is sigma
/// for a normal distribution, and holds while less than half of the values are outliers.
/// VALUES must not be empty.
[[nodiscard]] double robust_spread(std::span<const double> values);

}  // namespace tunrelay
