// SPDX-License-Identifier: MIT
// The trends of a history file: one for each figure that it has, so that a change of level can be
// named by the commit that made it. Pure functions, for any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/trend.hpp"
#include "report/csv_history.hpp"

namespace tunrelay {

struct HistoryChoice {
  std::string metric;  ///< only metrics whose name has this in it
  std::string path;    ///< only this one; empty: all but the control and the base
  /// The ratio to the control instead of the value: what is left when the machine itself had a bad
  /// day, and what machines share.
  bool ratio_to_control = false;
};

/// One figure through time, on one machine (with ratio_to_control: on all of them).
struct MetricTrend {
  std::string suite, title, metric, path;
  std::string unit;        ///< "ratio" with ratio_to_control
  std::string machine_id;  ///< empty: not known, or several
  Better better = Better::kNeither;
  /// In the order of time; neighbouring rows of one commit are one point.
  std::vector<HistoryPoint> points;
  Trend trend;
};

/// In the order of first appearance. ROWS may be in any order.
[[nodiscard]] std::vector<MetricTrend> history_trends(std::span<const HistoryRow> rows,
                                                      const HistoryChoice& choice = {},
                                                      const TrendOptions& options = {});

/// Whether one of the newest NEWEST points of a trend began a level that is worse.
[[nodiscard]] bool got_worse_lately(std::span<const MetricTrend> trends, std::size_t newest);

/// A line a change, and one for the figures without any.
[[nodiscard]] std::string trend_text(std::span<const MetricTrend> trends);
/// The same as a table in Markdown.
[[nodiscard]] std::string trend_markdown(std::span<const MetricTrend> trends);
/// {format: "tunrelay-trend", version: 1, trends: [{suite, title, metric, path, unit, better,
/// machine_id, points, passed_over, newest, changes: [{commit, after_commit, time, before, after,
/// change, p, verdict}]}]}; values in the unit, null for no number.
[[nodiscard]] nlohmann::ordered_json trend_json(std::span<const MetricTrend> trends);

}  // namespace tunrelay
