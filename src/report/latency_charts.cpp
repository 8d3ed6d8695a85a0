// SPDX-License-Identifier: MIT
// The charts of latencies.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "report/chart_parts.hpp"
#include "report/charts.hpp"
#include "report/escape.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

constexpr double kPointsPerDecade = 40;  ///< of a percentile curve
constexpr double kBinsPerDecade = 24;    ///< of a distribution

struct Group {
  std::string name;
  std::vector<const Distribution*> members;
};

/// "one_way_a_to_b" of "load_50/one_way_a_to_b".
std::string kind_of(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

/// "load_50" of the same; the whole where there is no '/'.
std::string load_of(const std::string& name) {
  return name.substr(0, std::min(name.rfind('/'), name.size()));
}

std::vector<Group> groups_of(const Result& result) {
  Ordinals ordinals;
  std::vector<Group> groups;
  for (const Distribution& distribution : result.distributions) {
    if (distribution.histogram.count() == 0) continue;
    const std::string kind = kind_of(distribution.name);
    const std::size_t at = ordinals(kind);
    if (at == groups.size()) groups.push_back({kind, {}});
    groups[at].members.push_back(&distribution);
  }
  if (groups.size() > kMaxCharts) groups.resize(kMaxCharts);
  return groups;
}

/// The points of one distribution as two arrays.
using ToPoints = void (*)(const Histogram&, ordered_json& x, ordered_json& y);

/// A line a member. Where there is more than one load, the colour stands for the load and the dash
/// the path; else both show the path.
ordered_json lines_of(const Result& result, const Group& group, const char* mode,
                      ToPoints to_points) {
  Ordinals loads;
  Ordinals paths;
  bool several_loads = false;
  bool several_paths = false;
  for (const Distribution* member : group.members) {
    several_loads = loads(load_of(member->name)) != 0 || several_loads;
    several_paths = paths(member->path) != 0 || several_paths;
  }
  ordered_json lines = ordered_json::array();
  for (const Distribution* member : group.members) {
    const std::string load = clean_line(load_of(member->name));
    const std::string path = clean_line(member->path);
    std::string name = several_loads ? load : path;
    if (several_loads && several_paths) name += ", " + path;
    if (is_invalid(result, *member)) name += " (invalid)";
    const std::size_t colour = several_loads ? loads(load_of(member->name)) : paths(member->path);
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
        {{"title", clean_line(group.name)},
         {"height", 300},
         {"x", {{"label", "share of packets"}, {"unit", ""}, {"kind", "tail"}, {"name", "at"}}},
         {"y", latency_axis()},
         {"lines", lines_of(result, group, "line", percentile_points)}});
  return charts;
}

ordered_json distribution_charts(const Result& result) {
  ordered_json charts = ordered_json::array();
  for (const Group& group : groups_of(result))
    charts.push_back(
        {{"title", clean_line(group.name)},
         {"x", latency_axis()},
         {"y", {{"label", "% of packets"}, {"unit", "%"}, {"kind", "linear"}, {"zero", true}}},
         {"lines", lines_of(result, group, "area", distribution_points)}});
  return charts;
}

}  // namespace tunrelay
