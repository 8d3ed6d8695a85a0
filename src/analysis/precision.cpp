// SPDX-License-Identifier: MIT
#include "analysis/precision.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <boost/math/distributions/binomial.hpp>

#include "analysis/significance.hpp"
#include "base/ensure.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {

double Precision::relative_half_width() const noexcept {
  const double half_width = (high - low) / 2;
  if (half_width == 0) return 0;
  return half_width / std::abs(median);
}

Precision precision_of_median(std::span<const double> values, double confidence) {
  ensure(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1");
  ensure(!values.empty(), "a precision needs some values");
  Precision precision{.median = median_of({values.begin(), values.end()})};
  const double tail = undiscounted_p(1 - confidence, variance_inflation(values)) / 2;
  const boost::math::binomial_distribution<double> below_median(static_cast<double>(values.size()),
                                                                0.5);
  // The CUT-th least value is above the median when fewer than CUT values are below it.
  std::size_t cut = 0;
  while (2 * (cut + 1) <= values.size() &&
         boost::math::cdf(below_median, static_cast<double>(cut)) <= tail)
    ++cut;
  if (cut == 0) return precision;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  precision.low = sorted[cut - 1];
  precision.high = sorted[sorted.size() - cut];
  return precision;
}

}  // namespace tunrelay
