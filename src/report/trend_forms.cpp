// SPDX-License-Identifier: MIT
// The forms of trends: the other half of report/history_trend.hpp.
#include <fmt/format.h>

#include <functional>
#include <map>

#include "base/figure.hpp"
#include "base/units.hpp"
#include "report/escape.hpp"
#include "report/history_trend.hpp"
#include "report/text_table.hpp"
#include "result/result_json.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

/// What a commit of full length is shown as.
constexpr std::size_t kShownOfACommit = 12;

std::string name_of(const MetricTrend& trend) {
  std::string name = trend.metric;
  if (trend.path != kSubject) name += ", " + trend.path;
  if (!trend.title.empty()) name += fmt::format(" ({})", trend.title);
  return name;
}

/// A commit, or where it is not known the time of its run.
std::string commit_text(const std::string& commit, const std::string& time) {
  return commit.empty() ? time : commit.substr(0, kShownOfACommit);
}

std::string date_of(const std::string& time) {
  return time.substr(0, time.find('T'));
}

TextTable changes_table(std::span<const MetricTrend> trends) {
  TextTable table{.columns = {{"metric"},
                              {"since"},
                              {"date"},
                              {"before", true},
                              {"after", true},
                              {"change", true},
                              {"p", true},
                              {"verdict"}},
                  .rows = {}};
  for (const MetricTrend& one : trends) {
    std::string name = name_of(one);
    for (const TrendChange& change : one.trend.changes) {
      table.add({name, commit_text(change.commit, change.time_utc), date_of(change.time_utc),
                 format_figure(change.before_median, one.unit),
                 format_figure(change.after_median, one.unit), format_change(1 + change.change),
                 fmt::format("{:.2g}", change.p),
                 change.verdict ? std::string(name_of(*change.verdict)) : "-"});
      name.clear();
    }
  }
  return table;
}

/// The text for figures without a change: a line for all that have as many points.
std::string rest_text(std::span<const MetricTrend> trends) {
  constexpr std::size_t kMin = 2 * ChangePointOptions{}.shortest;
  std::map<std::size_t, std::string, std::greater<>> names;
  for (const MetricTrend& one : trends) {
    if (!one.trend.changes.empty()) continue;
    std::string& list = names[one.trend.used];
    list += (list.empty() ? "" : ", ") + clean_line(name_of(one));
  }
  std::string text;
  for (const auto& [points, list] : names)
    text += points < kMin
                ? fmt::format("{} points are too few, {} are needed: {}\n", points, kMin, list)
                : fmt::format("no change among {} points: {}\n", points, list);
  return text;
}

ordered_json json_of(const TrendChange& change) {
  return {{"commit", change.commit},
          {"after_commit", change.last_before},
          {"time", change.time_utc},
          {"before", json_number(change.before_median)},
          {"after", json_number(change.after_median)},
          {"change", json_number(change.change)},
          {"p", change.p},
          {"verdict", change.verdict ? ordered_json(name_of(*change.verdict)) : ordered_json()}};
}

}  // namespace

std::string trend_text(std::span<const MetricTrend> trends) {
  const TextTable table = changes_table(trends);
  std::string rest = rest_text(trends);
  if (table.rows.empty()) return rest;
  return as_terminal(table) + (rest.empty() ? "" : "\n" + rest);
}

std::string trend_markdown(std::span<const MetricTrend> trends) {
  const TextTable table = changes_table(trends);
  const std::string rest = rest_text(trends);
  return (table.rows.empty() ? "" : as_markdown(table)) + "\n" + escape_markdown(rest) + "\n";
}

ordered_json trend_json(std::span<const MetricTrend> trends) {
  ordered_json list = ordered_json::array();
  for (const MetricTrend& one : trends) {
    ordered_json changes = ordered_json::array();
    for (const TrendChange& change : one.trend.changes) changes.push_back(json_of(change));
    list.push_back({{"suite", one.suite},
                    {"title", one.title},
                    {"metric", one.metric},
                    {"link", one.path},
                    {"unit", one.unit},
                    {"better", name_of(one.better)},
                    {"machine_id", one.machine_id},
                    {"points", one.trend.used},
                    {"passed_over", one.trend.passed_over},
                    {"newest", json_number(median_of(one.points.back().values))},
                    {"changes", std::move(changes)}});
  }
  return {{"format", "tunrelay-trend"}, {"version", 1}, {"trends", std::move(list)}};
}

}  // namespace tunrelay
