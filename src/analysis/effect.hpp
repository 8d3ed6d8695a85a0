// SPDX-License-Identifier: MIT
// The evidence on one metric: how a head stands to a base. Sizes are relative, and where all values
// are over 0 they are ratios: made of the logarithms, so that twice as much and half as much weigh
// alike, and swapping base and head only turns the sign of the logarithm.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

namespace tunrelay {

struct Effect {
  /// 0.05: head is 5 % more than base (Hodges-Lehmann).
  double change = 0;
  /// Of the confidence interval of `change`. Infinite, or -1 below, when there are too few values.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  /// Two-sided, of Wilcoxon's test when paired and else of Mann-Whitney's. Not corrected.
  double p = 1;
  /// The discount for values that follow each other alike, which `p`, `low` and `high` have had.
  double inflation = 1;
  std::size_t base_count = 0;
  std::size_t head_count = 0;  ///< the same when paired
  bool paired = false;

  /// The least p that so many values could give.
  [[nodiscard]] double least_p() const;
};

/// Of rounds that have a value of each, in the order of rounds: the same count of both, not 0.
/// What moves both of a round alike (the host's speed at that time) cancels out.
/// With a value of 0 or less there is no ratio: then a difference counts relative to the mean size
/// of all values.
[[nodiscard]] Effect paired_effect(std::span<const double> base, std::span<const double> head,
                                   double confidence);

/// Of two samples of their own, each in the order of time, neither empty.
[[nodiscard]] Effect unpaired_effect(std::span<const double> base, std::span<const double> head,
                                     double confidence);

}  // namespace tunrelay
