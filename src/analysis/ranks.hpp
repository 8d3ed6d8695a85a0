// SPDX-License-Identifier: MIT
// Ranks: which place each value has among all.
#pragma once

#include <span>
#include <vector>

namespace tunrelay {

struct Ranks {
  std::vector<double> ranks;  ///< from 1, in the order of the values; equal values share the mean
  double tie_term = 0;        ///< the sum of t^3 - t over the groups of t equal values; 0: no ties
};

[[nodiscard]] Ranks rank(std::span<const double> values);

}  // namespace tunrelay
