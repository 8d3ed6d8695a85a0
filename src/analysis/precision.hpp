// SPDX-License-Identifier: MIT
// How well a sample's median is known: for `--confidence 95,2%`, which repeats until it is known
// to 2 % at 95 % confidence, or says that it was not.
#pragma once

#include <limits>
#include <span>

namespace tunrelay {

struct Precision {
  double median = 0;
  /// Of the confidence interval; infinite when there are too few values for the confidence.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  /// Half the interval's width as a share of the median's size: 0.02 is "known to 2 %".
  /// Infinite when the interval is, or when the median is 0 and the values differ.
  [[nodiscard]] double relative_half_width() const noexcept;
};

/// The median of VALUES, in the order of time, with the interval between two order statistics that
/// holds the true median with probability CONFIDENCE (0 to 1, both excluded) at least, whatever
/// the distribution (Conover, Practical Nonparametric Statistics, section 3.2). Values that follow
/// each other alike count as fewer (analysis/significance.hpp). VALUES must not be empty.
///
/// Who looks after every value and stops at the first narrow interval is right a little less often
/// than CONFIDENCE says: look in steps.
[[nodiscard]] Precision precision_of_median(std::span<const double> values, double confidence);

}  // namespace tunrelay
