// SPDX-License-Identifier: MIT
// A comparison with a baseline as the reports show it: plain values, a row a metric.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "analysis/compare.hpp"

namespace tunrelay {

struct ComparisonRow {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  std::string metric;
  std::string unit;
  /// The medians, in the metric's unit; NaN where a side has none.
  double base = kNone;
  double head = kNone;
  /// head / base as estimated, and its confidence interval; NaN where there is none.
  double ratio = kNone;
  double ci_low = kNone;
  double ci_high = kNone;
  double p = kNone;     ///< corrected for the number of metrics
  std::string verdict;  ///< "better", "same", "worse", "inconclusive"; empty: not judged
  std::string reason;   ///< of the verdict; may be empty
};

struct ComparisonReport {
  std::string base_name;  ///< a file, a program, a commit
  std::string head_name;
  double min_effect = 0;  ///< 0.02: less than 2 % is not a difference
  double confidence = 0.95;
  std::string verdict;  ///< of the whole
  std::vector<ComparisonRow> rows;
};

[[nodiscard]] ComparisonReport comparison_report(const Comparison& comparison,
                                                 std::string base_name, std::string head_name);

/// A sign that stands beside the verdict, so that colour is not all that shows it: ASCII.
[[nodiscard]] const char* sign_of(const std::string& verdict) noexcept;

}  // namespace tunrelay
