// SPDX-License-Identifier: MIT
#include "report/prometheus.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/utc.hpp"
#include "report/escape.hpp"
#include "result/origin.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

constexpr double kQuantiles[] = {0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1};

using Label = std::pair<const char*, std::string>;

/// Families in the order of first use; all lines of one stand together, as the format wants it.
class Exposition {
 public:
  void add(const std::string& family, const char* type, const std::string& help,
           const std::vector<Label>& labels, double value, const char* suffix = "") {
    const auto [found, is_new] = families_.try_emplace(family);
    if (is_new) {
      order_.push_back(family);
      found->second = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", family, help, type);
    }
    std::string list;
    for (const auto& [name, text] : labels)
      list += fmt::format("{}{}=\"{}\"", list.empty() ? "" : ",", name, escape_label(text));
    const std::string series = fmt::format("{}{}{{{}}}", family, suffix, list);
    // A series that is there twice makes Prometheus refuse the whole text.
    if (seen_.insert(series).second) found->second += fmt::format("{} {}\n", series, number(value));
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const std::string& family : order_) text += families_.at(family);
    return text;
  }

 private:
  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
  }

  std::map<std::string, std::string> families_;
  std::vector<std::string> order_;
  std::set<std::string> seen_;
};

struct BaseUnit {
  std::string name;  ///< "bytes_per_second"
  double factor = 1;
};

/// Prometheus counts in seconds and bytes, and writes a unit's name in full.
BaseUnit base_unit(const std::string& unit) {
  if (unit == "bits_per_s") return {"bytes_per_second", 1.0 / 8};
  if (unit == "ns") return {"seconds", 1e-9};
  if (unit == "ns_per_packet") return {"seconds_per_packet", 1e-9};
  std::string name = unit;
  if (name.ends_with("_per_s")) name += "econd";
  // A unit of the model is such a name already; one of a foreign file may be anything.
  for (char& character : name) {
    const bool letter = (character >= 'a' && character <= 'z') ||
                        (character >= 'A' && character <= 'Z') ||
                        (character >= '0' && character <= '9');
    if (!letter) character = '_';
  }
  return {name.empty() ? "value" : name, 1};
}

void add_run(Exposition& exposition, const Result& result) {
  const std::vector<Label> suite{{"suite", result.suite}};
  std::vector<Label> labels = suite;
  labels.emplace_back("title", result.title);
  for (const char* key : {"kernel", "processor", "commit", "machine_id"})
    if (result.environment.is_object() && result.environment.contains(key) &&
        result.environment[key].is_string())
      labels.emplace_back(key, result.environment[key].get<std::string>());
  exposition.add("tunrelay_run_info", "gauge", "What was measured, and on what.", labels, 1);
  exposition.add("tunrelay_run_complete", "gauge", "1, or 0 for a run that was cut short.", suite,
                 result.complete ? 1 : 0);
  exposition.add("tunrelay_run_start_time_seconds", "gauge", "When the run began, since 1970.",
                 suite, parse_utc(result.started_utc));
  exposition.add("tunrelay_run_duration_seconds", "gauge", "How long the run took.", suite,
                 result.duration_s);
}

/// The medians of one machine of a merged result, in a family of their own: sums and means over the
/// first one would count them twice.
void add_machine(Exposition& exposition, const MachineResult& machine) {
  for (const Metric& metric : machine.result.metrics) {
    const auto [unit, factor] = base_unit(metric.unit);
    for (const TestPathSummary& path : summarise(metric))
      if (path.valid != 0)
        exposition.add("tunrelay_machine_result_" + unit, "gauge",
                       "The median over the rounds of one machine that count.",
                       {{"suite", machine.result.suite},
                        {"metric", metric.name},
                        {"link", path.path},
                        {"machine", machine.machine}},
                       path.median * factor);
  }
}

void add_metric(Exposition& exposition, const Result& result, const Metric& metric) {
  const auto [name, factor] = base_unit(metric.unit);
  for (const TestPathSummary& path : summarise(metric)) {
    const std::vector<Label> labels{
        {"suite", result.suite}, {"metric", metric.name}, {"link", path.path}};
    const auto add_figure = [&, &unit = name, &scale = factor](const char* statistic,
                                                               double value) {
      std::vector<Label> all = labels;
      all.emplace_back("statistic", statistic);
      exposition.add("tunrelay_result_" + unit, "gauge",
                     "Over the rounds that count, of the metric and the path.", all, value * scale);
    };
    if (path.valid != 0) {
      add_figure("median", path.median);
      add_figure("lowest", path.lowest);
      add_figure("highest", path.highest);
    }
    if (std::isfinite(path.ratio) && reference_path(metric) == kControl)
      exposition.add("tunrelay_ratio_to_control", "gauge", "The median of the rounds' ratios.",
                     labels, path.ratio);
    exposition.add("tunrelay_rounds", "gauge", "Rounds that count.", labels,
                   static_cast<double>(path.valid));
    exposition.add("tunrelay_void_rounds", "gauge", "Rounds that do not count.", labels,
                   static_cast<double>(path.invalid));
  }
}

void add_distribution(Exposition& exposition, const Result& result,
                      const Distribution& distribution) {
  constexpr const char* kFamily = "tunrelay_latency_seconds";
  constexpr const char* kHelp = "Latencies, of all rounds that count.";
  const Histogram& histogram = distribution.histogram;
  const std::vector<Label> labels{
      {"suite", result.suite}, {"latency", distribution.name}, {"link", distribution.path}};
  for (const double quantile : kQuantiles) {
    if (histogram.count() == 0) break;
    std::vector<Label> all = labels;
    all.emplace_back("quantile", fmt::format("{}", quantile));
    exposition.add(kFamily, "summary", kHelp, all,
                   static_cast<double>(histogram.value_at_percentile(100 * quantile)) * 1e-9);
  }
  const double count = static_cast<double>(histogram.count());
  exposition.add(kFamily, "summary", kHelp, labels, histogram.mean() * count * 1e-9, "_sum");
  exposition.add(kFamily, "summary", kHelp, labels, count, "_count");
}

}  // namespace

std::string prometheus_text(const Result& result) {
  Exposition exposition;
  add_run(exposition, result);
  for (const Metric& metric : result.metrics) add_metric(exposition, result, metric);
  for (const MachineResult& machine : split_by_machine(result)) add_machine(exposition, machine);
  for (const Distribution& distribution : result.distributions)
    add_distribution(exposition, result, distribution);
  return exposition.text();
}

}  // namespace tunrelay
