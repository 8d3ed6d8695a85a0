// SPDX-License-Identifier: MIT
// Parameters over time as a table: what a ramp is, and a trace, a file of comma-separated values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "link/description.hpp"
#include "scenario/scenario.hpp"

namespace tunrelay {

/// Of one entry: each is a change of the link.
inline constexpr std::size_t kMaxScenarioRows = 200'000;

struct ParameterTable {
  struct Column {
    std::size_t direction = 0;  ///< 0: a to b, 1: b to a
    LinkParameter parameter = LinkParameter::kRate;
    std::vector<double> values{};  ///< one a row; NaN: that row has none
  };
  std::vector<std::int64_t> times_ns;  ///< of the rows: rising, from 0
  std::vector<Column> columns;
};

/// A change for each row; with INTERVAL_NS also between rows, that far apart, on the straight line
/// from the one to the next. Throws a usage Error for more than kMaxScenarioRows.
[[nodiscard]] ActionRows rows_of(const ParameterTable& table, std::int64_t interval_ns);

/// A CSV file: its first line has the names of the columns, `time` and any of `rate`, `delay`,
/// `jitter` and `loss`, in any order. "a_to_b_" or "b_to_a_" before a name is for that direction,
/// without it is for DIRECTIONS. A unit may stand behind a name ("time_s", "rate_mbit",
/// "loss_percent") instead of behind each value. An empty cell leaves the value before. `#` begins
/// a comment. Throws a usage Error with file and line.
[[nodiscard]] ParameterTable parse_parameter_csv(const StageFile& file,
                                                 const std::vector<std::size_t>& directions);

}  // namespace tunrelay
