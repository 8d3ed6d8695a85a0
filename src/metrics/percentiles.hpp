// SPDX-License-Identifier: MIT
// The percentiles of a latency that tables and files show.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/histogram.hpp"

namespace tunrelay {

/// To 99.999, then the highest value.
inline constexpr double kShownPercentiles[] = {0,  1,  5,  10,   25,    50,     75,
                                               90, 95, 99, 99.9, 99.99, 99.999, 100};

struct PercentileRow {
  double percentile = 0;
  std::int64_t value_ns = 0;
  std::uint64_t count_up_to = 0;  ///< values that are not above value_ns
};

/// One row for each of kShownPercentiles; none for an empty histogram.
[[nodiscard]] std::vector<PercentileRow> percentile_rows(const Histogram& histogram);

}  // namespace tunrelay
