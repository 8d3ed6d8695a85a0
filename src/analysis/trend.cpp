// SPDX-License-Identifier: MIT
#include "analysis/trend.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

/// The points that have a value, with their place among all.
struct Levels {
  std::vector<double> values;
  std::vector<std::size_t> places;
};

Levels levels_of(std::span<const HistoryPoint> points, std::size_t longest) {
  Levels levels;
  for (std::size_t place = points.size(); place > 0 && levels.values.size() < longest; --place) {
    std::vector<double> values = points[place - 1].values;
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    if (values.empty()) continue;
    levels.values.push_back(median_of(std::move(values)));
    levels.places.push_back(place - 1);
  }
  std::reverse(levels.values.begin(), levels.values.end());
  std::reverse(levels.places.begin(), levels.places.end());
  return levels;
}

std::vector<double> scaled(std::vector<double> values) {
  if (std::all_of(values.begin(), values.end(), [](double value) { return value > 0; }))
    for (double& value : values) value = std::log(value);
  return values;
}

double change_between(double before, double after) {
  if (before == after) return 0;
  if (before == 0) return std::copysign(std::numeric_limits<double>::infinity(), after);
  return (after - before) / std::abs(before);
}

double median_between(const std::vector<double>& values, std::size_t first, std::size_t end) {
  return median_of({values.begin() + static_cast<std::ptrdiff_t>(first),
                    values.begin() + static_cast<std::ptrdiff_t>(end)});
}

/// The medians of the segments around the change at POINTS[WHICH].
void set_medians(TrendChange& change, const std::vector<double>& values,
                 const std::vector<ChangePoint>& points, std::size_t which) {
  const std::size_t first = which == 0 ? 0 : points[which - 1].index;
  const std::size_t end = which + 1 == points.size() ? values.size() : points[which + 1].index;
  change.before_median = median_between(values, first, points[which].index);
  change.after_median = median_between(values, points[which].index, end);
  change.change = change_between(change.before_median, change.after_median);
}

std::vector<TrendChange> changes_at(const std::vector<ChangePoint>& points,
                                    const std::vector<double>& values) {
  std::vector<TrendChange> changes(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    changes[i].index = points[i].index;
    changes[i].p = points[i].p;
    set_medians(changes[i], values, points, i);
  }
  return changes;
}

/// A factor, the same both ways: 0.02 for 2 % more, and for 1 / 1.02.
double size_of(const TrendChange& change) {
  return change.change >= 0 ? change.change : 1 / (1 + std::max(change.change, -1.0)) - 1;
}

}  // namespace

Trend find_trend(std::span<const HistoryPoint> points, Better better, const TrendOptions& options) {
  const Levels levels = levels_of(points, options.longest);
  Trend trend;
  trend.used = levels.values.size();
  trend.passed_over = points.size() - trend.used;
  std::vector<ChangePoint> found = find_change_points(scaled(levels.values), options.change_points);
  trend.changes = changes_at(found, levels.values);
  // Passing over the least one joins its neighbours, which changes what is left: one at a time.
  while (!trend.changes.empty()) {
    const auto least = std::min_element(trend.changes.begin(), trend.changes.end(),
                                        [](const TrendChange& left, const TrendChange& right) {
                                          return size_of(left) < size_of(right);
                                        });
    if (size_of(*least) >= options.min_effect && least->change != 0) break;
    found.erase(found.begin() + (least - trend.changes.begin()));
    trend.changes = changes_at(found, levels.values);
  }
  for (TrendChange& change : trend.changes) {
    change.last_before = points[levels.places[change.index - 1]].commit;
    change.index = levels.places[change.index];
    change.commit = points[change.index].commit;
    change.time_utc = points[change.index].time_utc;
    if (better != Better::kNeither)
      change.verdict =
          (change.change > 0) == (better == Better::kHigher) ? Verdict::kBetter : Verdict::kWorse;
  }
  return trend;
}

}  // namespace tunrelay
