// SPDX-License-Identifier: MIT
#include "report/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/figure.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "report/loads.hpp"
#include "report/metric_titles.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

struct LatencyColumn {
  double percentile;
  int optional;  ///< of TextTable::Column
};
constexpr LatencyColumn kLatencyColumns[] = {{50, 0},    {90, 3},     {99, 0}, {99.9, 0},
                                             {99.99, 2}, {99.999, 4}, {100, 0}};
/// Objects within objects are reported as "outer.inner" to this depth, deeper ones as JSON.
constexpr int kMaxTableDepth = 4;

std::string rounds_text(const TestPathSummary& summary) {
  if (summary.invalid == 0) return format_count(summary.valid);
  return fmt::format("{} ({} invalid)", format_count(summary.valid), format_count(summary.invalid));
}

/// TEXT, a path or its figure, and that this is of invalid trials.
std::string path_text(const std::string& text, bool is_invalid) {
  return is_invalid ? text + " (invalid)" : text;
}

/// A percentile of so few values that they do not show it is left open.
std::string latency_cell(const Histogram& histogram, double percentile) {
  const double beyond = static_cast<double>(histogram.count()) * (1 - percentile / 100);
  if (percentile < 100 && beyond < 1) return "-";
  return format_latency(histogram.value_at_percentile(percentile));
}

std::string text_of_value(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_array()) {
    std::string text;
    for (const nlohmann::json& item : value)
      text += (text.empty() ? "" : ", ") + text_of_value(item);
    return text;
  }
  return json_text(value);
}

void add_details(TextTable& table, const nlohmann::json& details, const std::string& prefix,
                 int depth) {
  for (const auto& [key, value] : details.items()) {
    if (value.is_object() && !value.empty() && depth < kMaxTableDepth)
      add_details(table, value, prefix + key + ".", depth + 1);
    else
      table.add({prefix + key, text_of_value(value)});
  }
}

/// The paths of all its metrics, in the order of first appearance.
std::vector<std::string> paths_of(const Load& load) {
  std::vector<std::string> paths;
  for (const Metric* metric : load.metrics)
    for (const std::string& path : paths_of(*metric))
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  return paths;
}

LoadTable empty_load_table(const Result& result, const std::string& load,
                           const std::vector<std::string>& paths) {
  LoadTable table{.title = load.empty() ? result.suite : load_title(load),
                  .table = {.columns = {{"metric"}}, .rows = {}}};
  for (const std::string& path : paths) {
    table.table.columns.push_back({path_title(result, path), true});
    table.table.columns.push_back({"lowest to highest", true});
  }
  if (paths.size() > 1) table.table.columns.push_back({"ratio", true});
  return table;
}

/// A cell each for a path's median and its spread, then the first ratio that there is.
std::vector<std::string> load_row(const Metric& metric, const std::vector<std::string>& paths) {
  const std::vector<TestPathSummary> summaries = shown_summaries(metric);
  double largest = 0;
  for (const TestPathSummary& summary : summaries)
    if (std::isfinite(summary.median)) largest = std::max(largest, std::abs(summary.median));
  const Scale scale = scale_for(metric.unit, largest);
  std::vector<std::string> row{measure_title(split_metric_name(metric.name)) +
                               (scale.unit.empty() ? "" : ", " + scale.unit)};
  std::string ratio;
  for (const std::string& path : paths) {
    const auto found = std::find_if(summaries.begin(), summaries.end(),
                                    [&path](const auto& one) { return one.path == path; });
    if (found == summaries.end() || std::isnan(found->median)) {
      row.insert(row.end(), {"-", "-"});
      continue;
    }
    row.push_back(path_text(format_number(found->median / scale.divisor), found->is_invalid));
    row.push_back(format_number(found->lowest / scale.divisor) + " to " +
                  format_number(found->highest / scale.divisor));
    if (ratio.empty() && std::isfinite(found->ratio)) ratio = format_number(found->ratio);
  }
  if (paths.size() > 1) row.push_back(ratio);
  return row;
}

}  // namespace

TextTable metrics_table(const Result& result) {
  TextTable table{.columns = {{"metric"},
                              {"path"},
                              {"median", true},
                              {"lowest to highest", true, 1},
                              {"rounds", true},
                              {"to control", true}},
                  .rows = {}};
  for (const Metric& metric : result.metrics) {
    if (reference_path(metric) == kBase) table.columns.back().title = "to base";
    std::string name = metric.name;
    for (const TestPathSummary& summary : shown_summaries(metric)) {
      table.add({std::exchange(name, ""), path_text(summary.path, summary.is_invalid),
                 format_figure(summary.median, metric.unit),
                 format_range(summary.lowest, summary.highest, metric.unit), rounds_text(summary),
                 std::isfinite(summary.ratio) ? format_number(summary.ratio) : ""});
    }
    if (!name.empty()) table.add({name, "", "-", "-", "0", ""});
  }
  return table;
}

std::vector<LoadTable> load_tables(const Result& result) {
  std::vector<LoadTable> tables;
  for (const Load& load : loads_of(result)) {
    const std::vector<std::string> paths = paths_of(load);
    tables.push_back(empty_load_table(result, load.name, paths));
    for (const Metric* metric : load.metrics) tables.back().table.add(load_row(*metric, paths));
  }
  return tables;
}

TextTable latency_table(const Result& result) {
  TextTable table{.columns = {{"latency"}, {"path"}}, .rows = {}};
  for (const auto& [percentile, optional] : kLatencyColumns)
    table.columns.push_back({format_percentile(percentile), true, optional});
  table.columns.push_back({"count", true, 1});
  std::string before;
  for (const Distribution& distribution : result.distributions) {
    const bool again = distribution.name == before;
    before = distribution.name;
    std::vector<std::string> cells{again ? "" : distribution.name,
                                   path_text(distribution.path, is_invalid(result, distribution))};
    for (const auto& [percentile, optional] : kLatencyColumns)
      cells.push_back(latency_cell(distribution.histogram, percentile));
    cells.push_back(format_count(distribution.histogram.count()));
    table.add(std::move(cells));
  }
  return table;
}

TextTable invalid_samples_table(const Result& result) {
  TextTable table{.columns = {{"invalid"}, {"path"}, {"round", true}, {"does not count, since"}},
                  .rows = {}};
  for (const Metric& metric : result.metrics)
    for (const Sample& sample : metric.samples) {
      if (counts(sample)) continue;
      // An invalid trial invalidates all that it measured: a row for the trial is enough.
      const bool of_trial = !sample.invalid_reason.empty();
      const std::string of_load = split_metric_name(metric.name).load;
      const std::string load = of_load.empty() ? result.suite : of_load;
      std::vector<std::string> row{of_trial ? load : metric.name, sample.path,
                                   std::to_string(sample.round),
                                   of_trial ? sample.invalid_reason : "it is not a number"};
      if (std::find(table.rows.begin(), table.rows.end(), row) == table.rows.end())
        table.add(std::move(row));
    }
  return table;
}

TextTable comparison_table(const ComparisonReport& comparison) {
  TextTable table{.columns = {{"metric"},
                              {"base", true, 2},
                              {"head", true, 1},
                              {"change", true},
                              {fmt::format("{:g} % interval", 100 * comparison.confidence), true},
                              {"p", true, 3},
                              {"verdict"}},
                  .rows = {}};
  for (const ComparisonRow& row : comparison.rows) {
    const bool bounded = std::isfinite(row.ci_low) && std::isfinite(row.ci_high);
    table.add({row.metric, format_figure(row.base, row.unit), format_figure(row.head, row.unit),
               format_change(row.ratio),
               bounded
                   ? fmt::format("{} to {}", format_change(row.ci_low), format_change(row.ci_high))
                   : "-",
               std::isfinite(row.p) ? fmt::format("{:.2g}", row.p) : "-",
               row.verdict.empty() ? "not judged" : row.verdict});
  }
  return table;
}

TextTable details_table(const nlohmann::json& details) {
  TextTable table{.columns = {{"name"}, {"value"}}, .rows = {}};
  if (details.is_object()) add_details(table, details, "", 0);
  return table;
}

}  // namespace tunrelay
