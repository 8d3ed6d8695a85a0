// SPDX-License-Identifier: MIT
// The charts of latencies.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "report/chart_parts.hpp"
#include "report/charts.hpp"
#include "report/escape.hpp"
#include "report/metric_titles.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

constexpr double kPointsPerDecade = 40;  ///< of a percentile curve
constexpr double kBinsPerDecade = 24;    ///< of a distribution

/// More lines than this in one chart and nobody follows them.
constexpr std::size_t kMaxLines = 5;

/// The latencies of one load.
struct Group {
  std::string name;  ///< of the load; may be empty
  std::vector<const Distribution*> members;
};

/// A load whose latencies are too many for a chart has one for each of their names.
std::vector<Group> split_by_name(const Group& group) {
  if (group.members.size() <= kMaxLines) return {group};
  Ordinals ordinals;
  std::vector<Group> groups;
  for (const Distribution* member : group.members) {
    const std::size_t at = ordinals(member->name);
    if (at == groups.size()) groups.push_back({group.name, {}});
    groups[at].members.push_back(member);
  }
  return groups;
}

std::vector<Group> groups_of(const Result& result) {
  Ordinals ordinals;
  std::vector<Group> of_loads;
  for (const Distribution& distribution : result.distributions) {
    const MetricName name = split_metric_name(distribution.name);
    // How late the sends were says whether a trial counts, and nothing of the path.
    if (distribution.histogram.count() == 0 || name.measure == "slip") continue;
    const std::size_t at = ordinals(name.load);
    if (at == of_loads.size()) of_loads.push_back({name.load, {}});
    of_loads[at].members.push_back(&distribution);
  }
  std::vector<Group> groups;
  for (const Group& load : of_loads)
    for (Group& group : split_by_name(load))
      if (groups.size() < kMaxCharts) groups.push_back(std::move(group));
  return groups;
}

bool is_of_one_name(const Group& group) {
  return std::all_of(group.members.begin(), group.members.end(), [&group](const auto* member) {
    return member->name == group.members.front()->name;
  });
}

/// "TCP, 1 flow: one-way delay"; without what the lines' names say.
std::string title_of(const Group& group) {
  if (is_of_one_name(group)) return clean_line(metric_title(group.members.front()->name));
  return clean_line(group.name.empty() ? "latency" : load_title(group.name) + ": latency");
}

/// The points of one distribution as two arrays.
using ToPoints = void (*)(const Histogram&, ordered_json& x, ordered_json& y);

/// A line a member, with a colour of its own; the dash stands for the path.
ordered_json lines_of(const Result& result, const Group& group, const char* mode,
                      ToPoints to_points) {
  Ordinals paths;
  const bool is_one_name = is_of_one_name(group);
  ordered_json lines = ordered_json::array();
  for (const Distribution* member : group.members) {
    const std::string measure = measure_title(split_metric_name(member->name));
    std::string name = path_title(result, member->path);
    if (!is_one_name) name += ", " + measure;
    name = clean_line(name);
    if (is_invalid(result, *member)) name += " (invalid)";
    const std::size_t colour = lines.size();
    ordered_json x = ordered_json::array();
    ordered_json y = ordered_json::array();
    to_points(member->histogram, x, y);
    lines.push_back({{"name", name},
                     {"color", colour % kChartColours},
                     {"dash", paths(member->path) % kChartDashes},
                     {"mode", mode},
                     {"x", std::move(x)},
                     {"y", std::move(y)}});
  }
  return lines;
}

/// Over 1 / (1 - share), to the share that all but the highest value keep.
void percentile_points(const Histogram& histogram, ordered_json& x, ordered_json& y) {
  const double count = static_cast<double>(histogram.count());
  const double last = std::ceil(std::log10(count) * kPointsPerDecade);
  for (double step = 0; step <= last; ++step) {
    const double tail = std::min(std::pow(10, step / kPointsPerDecade), count);
    x.push_back(chart_number(tail));
    // On a scale of powers there is no 0.
    y.push_back(std::max<std::int64_t>(
        1, histogram.value_at_percentile(tail == count ? 100 : 100 * (1 - 1 / tail))));
  }
}

double bin_edge(double bin) {
  return std::pow(10, bin / kBinsPerDecade);
}

/// Of each bin of equal width on a scale of powers, the share of values in it, in percent.
void distribution_points(const Histogram& histogram, ordered_json& x, ordered_json& y) {
  const auto bin_of = [](double value) {
    return std::floor(std::log10(std::max(value, 1.0)) * kBinsPerDecade);
  };
  const double first = bin_of(static_cast<double>(histogram.lowest()));
  const double last = bin_of(static_cast<double>(histogram.highest()));
  std::vector<double> shares(static_cast<std::size_t>(last - first) + 1, 0);
  histogram.for_each_slot([&](const Histogram::Slot& slot) {
    const double middle =
        (static_cast<double>(slot.lowest) + static_cast<double>(slot.highest)) / 2;
    const double bin = std::clamp(bin_of(middle), first, last);
    shares[static_cast<std::size_t>(bin - first)] +=
        100 * static_cast<double>(slot.count) / static_cast<double>(histogram.count());
  });
  const auto add = [&x, &y](double bin, double share) {
    x.push_back(chart_number(bin_edge(bin + 0.5)));
    y.push_back(chart_number(share));
  };
  // The curve begins and ends at 0.
  add(first - 1, 0);
  for (std::size_t at = 0; at < shares.size(); ++at)
    add(first + static_cast<double>(at), shares[at]);
  add(last + 1, 0);
}

ordered_json latency_axis() {
  return {{"label", "latency"}, {"unit", "ns"}, {"kind", "log"}, {"name", "about"}};
}

}  // namespace

ordered_json percentile_charts(const Result& result) {
  ordered_json charts = ordered_json::array();
  for (const Group& group : groups_of(result))
    charts.push_back(
        {{"title", title_of(group)},
         {"height", 250},
         {"x", {{"label", "share of packets"}, {"unit", ""}, {"kind", "tail"}, {"name", "at"}}},
         {"y", latency_axis()},
         {"lines", lines_of(result, group, "line", percentile_points)}});
  return charts;
}

ordered_json distribution_charts(const Result& result) {
  ordered_json charts = ordered_json::array();
  for (const Group& group : groups_of(result))
    charts.push_back(
        {{"title", title_of(group)},
         {"x", latency_axis()},
         {"y", {{"label", "% of packets"}, {"unit", "%"}, {"kind", "linear"}, {"zero", true}}},
         {"lines", lines_of(result, group, "area", distribution_points)}});
  return charts;
}

}  // namespace tunrelay
