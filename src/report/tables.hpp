// SPDX-License-Identifier: MIT
// The tables of a result, the same in every form for people.
#pragma once

#include <string>
#include <vector>

#include "report/comparison.hpp"
#include "report/text_table.hpp"
#include "result/result.hpp"

namespace tunrelay {

/// A row a metric and path: median, lowest and highest, rounds, the ratio to the control. A path
/// that has invalid samples alone is shown by those, as invalid; latencies likewise.
[[nodiscard]] TextTable metrics_table(const Result& result);
/// The same for a page: a table a load, a row a metric, all its paths side by side, its unit beside
/// its name.
struct LoadTable {
  std::string title;
  TextTable table;
};
[[nodiscard]] std::vector<LoadTable> load_tables(const Result& result);
/// A row a distribution: percentiles to 99.999, the highest, how many.
[[nodiscard]] TextTable latency_table(const Result& result);
/// A row a trial, or a single sample, that does not count: why.
[[nodiscard]] TextTable invalid_samples_table(const Result& result);
/// A row a metric: medians of both sides, the change, its interval, p, the verdict.
[[nodiscard]] TextTable comparison_table(const ComparisonReport& comparison);
/// NAME and VALUE, a row a member of an object; members of its members are "outer.inner".
[[nodiscard]] TextTable details_table(const nlohmann::json& details);

/// Said of a run that was cut short.
inline constexpr const char* kIncomplete =
    "The run was cut short: what is here was measured, the rest is missing.";

}  // namespace tunrelay
