// SPDX-License-Identifier: MIT
// The charts over rounds and over time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "base/figure.hpp"
#include "report/chart_parts.hpp"
#include "report/charts.hpp"
#include "report/escape.hpp"
#include "report/metric_titles.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

/// Values a line has at most: some for each pixel of a wide screen.
constexpr std::size_t kMaxPoints = 2000;

ordered_json axis(const std::string& label, const std::string& unit, bool from_zero) {
  return {{"label", label}, {"unit", unit}, {"kind", "linear"}, {"zero", from_zero}};
}

ordered_json value_axis(const Scale& scale, const std::string& unit, bool from_zero) {
  // Durations keep their base unit: the page writes each in the unit that fits it.
  if (unit == "ns") return axis("", "ns", from_zero);
  return axis(scale.unit, scale.unit, from_zero);
}

double divisor_for(const Scale& scale, const std::string& unit) {
  return unit == "ns" ? 1 : scale.divisor;
}

/// What is larger than anything that is measured would leave the rest flat, and scripts count in
/// doubles, too.
bool is_drawn(double value) {
  return std::abs(value) < 1e30;
}

double largest_of(const std::vector<double>& values, double largest) {
  for (const double value : values)
    if (is_drawn(value)) largest = std::max(largest, std::abs(value));
  return largest;
}

ordered_json rounds_line(const Metric& metric, const std::string& path, const std::string& title,
                         std::size_t ordinal, double divisor) {
  ordered_json x = ordered_json::array();
  ordered_json y = ordered_json::array();
  for (const Sample& sample : metric.samples) {
    if (sample.path != path || !counts(sample) || !is_drawn(sample.value)) continue;
    x.push_back(sample.round);
    y.push_back(chart_number(sample.value / divisor));
  }
  ordered_json line{{"name", clean_line(title)},
                    {"color", ordinal % kChartColours},
                    {"dash", ordinal % kChartDashes},
                    {"mode", "dots"},
                    {"x", std::move(x)},
                    {"y", std::move(y)}};
  const double level = median_of(valid_values(metric, path)) / divisor;
  if (is_drawn(level)) line["level"] = chart_number(level);
  return line;
}

/// The points of a line in the making.
struct Points {
  ordered_json x = ordered_json::array();
  ordered_json y = ordered_json::array();

  /// A value that is not a number is a gap.
  void add(double at, double value) {
    x.push_back(chart_number(at));
    y.push_back(chart_number(value));
  }
};

/// All values, or of each bucket of them the lowest and the highest, in their order.
void add_values(Points& points, const Series& series, double divisor) {
  // Times of a file that says none are counted from 0, a second each.
  const double start_s = is_drawn(series.start_s) ? series.start_s : 0;
  const double interval_s =
      is_drawn(series.interval_s) && series.interval_s > 0 ? series.interval_s : 1;
  const std::vector<double>& values = series.values;
  const auto add = [&](std::size_t index) {
    points.add(start_s + (static_cast<double>(index) + 0.5) * interval_s, values[index] / divisor);
  };
  const std::size_t bucket = values.size() <= kMaxPoints ? 1 : values.size() * 2 / kMaxPoints + 1;
  for (std::size_t begin = 0; begin < values.size(); begin += bucket) {
    const std::size_t end = std::min(begin + bucket, values.size());
    std::size_t lowest = end;
    std::size_t highest = end;
    for (std::size_t at = begin; at < end; ++at) {
      if (!is_drawn(values[at])) continue;
      if (lowest == end || values[at] < values[lowest]) lowest = at;
      if (highest == end || values[at] > values[highest]) highest = at;
    }
    add(lowest == end ? begin : std::min(lowest, highest));  // a bucket without any is a gap
    if (lowest != highest) add(std::max(lowest, highest));
  }
}

bool is_all_zero(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value == 0; });
}

ordered_json series_chart(const Result& result, const std::vector<const Series*>& parts) {
  const Series& first = *parts.front();
  double largest = 0;
  for (const Series* part : parts) largest = largest_of(part->values, largest);
  const Scale scale = scale_for(first.unit, largest);
  Ordinals ordinals;
  std::vector<std::pair<std::string, Points>> lines;
  for (const Series* part : parts) {
    const std::size_t at = ordinals(part->path);
    if (at == lines.size()) lines.emplace_back(part->path, Points());
    Points& points = lines[at].second;
    if (!points.x.empty()) points.add(points.x.back().get<double>(), std::nan(""));  // a gap
    add_values(points, *part, divisor_for(scale, first.unit));
  }
  ordered_json drawn = ordered_json::array();
  for (std::size_t at = 0; at < lines.size(); ++at)
    drawn.push_back({{"name", clean_line(path_title(result, lines[at].first))},
                     {"color", at % kChartColours},
                     {"dash", at % kChartDashes},
                     {"mode", "line"},
                     {"x", std::move(lines[at].second.x)},
                     {"y", std::move(lines[at].second.y)}});
  ordered_json time = axis("time in s", "s", false);
  time["name"] = "at";
  time["tight"] = true;
  return {{"title", clean_line(metric_title(first.name))},
          {"group", "time"},
          {"x", std::move(time)},
          {"y", value_axis(scale, first.unit, true)},
          {"lines", std::move(drawn)}};
}

}  // namespace

ordered_json chart_number(double value) {
  if (!is_drawn(value)) return {};
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

ordered_json round_charts(const Result& result) {
  ordered_json charts = ordered_json::array();
  for (const Metric& metric : result.metrics) {
    if (metric.better == Better::kNeither) continue;
    std::vector<double> values;
    for (const std::string& path : paths_of(metric))
      for (const double value : valid_values(metric, path)) values.push_back(value);
    if (values.empty() || is_all_zero(values) || charts.size() == kMaxCharts) continue;
    const Scale scale = scale_for(metric.unit, largest_of(values, 0));
    ordered_json lines = ordered_json::array();
    for (const std::string& path : paths_of(metric))
      lines.push_back(rounds_line(metric, path, path_title(result, path), lines.size(),
                                  divisor_for(scale, metric.unit)));
    ordered_json rounds = axis("round", "", false);
    rounds["whole"] = true;
    rounds["name"] = "round";
    charts.push_back({{"title", clean_line(metric_title(metric.name))},
                      {"height", 210},
                      {"x", std::move(rounds)},
                      {"y", value_axis(scale, metric.unit, false)},
                      {"lines", std::move(lines)}});
  }
  return charts;
}

ordered_json series_charts(const Result& result) {
  Ordinals ordinals;
  std::vector<std::vector<const Series*>> groups;
  for (const Series& series : result.series) {
    if (series.values.empty() || is_all_zero(series.values)) continue;
    const std::size_t at = ordinals(series.name);
    if (at == groups.size()) groups.emplace_back();
    groups[at].push_back(&series);
  }
  ordered_json charts = ordered_json::array();
  for (const auto& group : groups)
    if (charts.size() != kMaxCharts) charts.push_back(series_chart(result, group));
  return charts;
}

}  // namespace tunrelay
