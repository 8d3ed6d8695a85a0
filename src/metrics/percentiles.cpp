// SPDX-License-Identifier: MIT
#include "metrics/percentiles.hpp"

#include <iterator>

namespace tunrelay {

std::vector<PercentileRow> percentile_rows(const Histogram& histogram) {
  std::vector<PercentileRow> rows;
  if (histogram.count() == 0) return rows;
  rows.reserve(std::size(kShownPercentiles));
  for (const double percentile : kShownPercentiles) {
    const std::int64_t value = histogram.value_at_percentile(percentile);
    rows.push_back({percentile, value, histogram.count_up_to(value)});
  }
  return rows;
}

}  // namespace tunrelay
