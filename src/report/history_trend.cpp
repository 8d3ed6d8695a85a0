// SPDX-License-Identifier: MIT
#include "report/history_trend.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace tunrelay {
namespace {

bool is_chosen(const HistoryRow& row, const HistoryChoice& choice) {
  if (row.metric.find(choice.metric) == std::string::npos) return false;
  if (!choice.path.empty()) return row.path == choice.path;
  return row.path != kControl && row.path != kBase;
}

void add_point(std::vector<HistoryPoint>& points, const HistoryRow& row, double value) {
  const bool is_of_the_last_commit =
      !points.empty() && !row.commit.empty() && points.back().commit == row.commit;
  if (!is_of_the_last_commit)
    points.push_back({.commit = row.commit, .time_utc = row.time, .values = {}});
  points.back().values.push_back(value);
}

}  // namespace

std::vector<MetricTrend> history_trends(std::span<const HistoryRow> rows,
                                        const HistoryChoice& choice, const TrendOptions& options) {
  std::vector<const HistoryRow*> chosen;
  for (const HistoryRow& row : rows)
    if (is_chosen(row, choice)) chosen.push_back(&row);
  // ISO 8601 in UTC sorts as text. Runs of the same second keep their order.
  std::stable_sort(
      chosen.begin(), chosen.end(),
      [](const HistoryRow* left, const HistoryRow* right) { return left->time < right->time; });
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, Better,
                         std::string>;
  std::map<Key, std::size_t> places;
  std::vector<MetricTrend> trends;
  for (const HistoryRow* row : chosen) {
    const std::string unit = choice.ratio_to_control ? "ratio" : row->unit;
    const std::string machine = choice.ratio_to_control ? std::string() : row->machine_id;
    const auto [place, is_new] = places.try_emplace(
        Key{row->suite, row->title, row->metric, row->path, unit, row->better, machine},
        trends.size());
    if (is_new)
      trends.push_back({.suite = row->suite,
                        .title = row->title,
                        .metric = row->metric,
                        .path = row->path,
                        .unit = unit,
                        .machine_id = machine,
                        .better = row->better,
                        .points = {},
                        .trend = {}});
    add_point(trends[place->second].points, *row,
              choice.ratio_to_control ? row->ratio_to_control : row->median);
  }
  for (MetricTrend& one : trends) one.trend = find_trend(one.points, one.better, options);
  return trends;
}

bool got_worse_lately(std::span<const MetricTrend> trends, std::size_t newest) {
  return std::any_of(trends.begin(), trends.end(), [newest](const MetricTrend& one) {
    return std::any_of(
        one.trend.changes.begin(), one.trend.changes.end(), [&](const TrendChange& change) {
          return change.verdict == Verdict::kWorse && change.index + newest >= one.points.size();
        });
  });
}

}  // namespace tunrelay
