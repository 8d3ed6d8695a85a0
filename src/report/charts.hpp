// SPDX-License-Identifier: MIT
// What the charts of the page show, as the data that report/page/chart.js draws: arrays of
//   {title, x: {label, unit, kind}, y: {label, unit, kind},
//    lines: [{name, color, dash, mode, x: [...], y: [...]}]}
// where kind is "linear", "log", or "tail" (1 / (1 - share), for percentiles), mode is "line",
// "area" or "dots", and null in y is a gap. Colours and dashes are numbers that report.css knows.
// Pure functions, for any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "result/result.hpp"

namespace tunrelay {

/// More metrics or latencies than this are in the tables alone.
inline constexpr std::size_t kMaxCharts = 24;

/// A chart a metric that has a direction: each path's samples by round, and their median. One whose
/// samples are all 0 says nothing and has none.
[[nodiscard]] nlohmann::ordered_json round_charts(const Result& result);
/// A chart a series' name: values over time, each path a line. Long ones are thinned so that every
/// peak stays. All show the same part of the run.
[[nodiscard]] nlohmann::ordered_json series_charts(const Result& result);
/// A chart a load, or where these would be more than five lines, for each of its latencies: the
/// latency that a share of packets keeps.
[[nodiscard]] nlohmann::ordered_json percentile_charts(const Result& result);
/// The same groups: which share of packets has which latency.
[[nodiscard]] nlohmann::ordered_json distribution_charts(const Result& result);

}  // namespace tunrelay
