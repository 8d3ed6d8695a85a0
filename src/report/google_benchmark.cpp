// SPDX-License-Identifier: MIT
#include "report/google_benchmark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_text.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

constexpr const char* kCpuUnit = "ns_per_packet";

/// "tcp_1_flow" of "tcp_1_flow/throughput".
std::string_view test_of(const Metric& metric) {
  return std::string_view(metric.name).substr(0, metric.name.rfind('/'));
}

/// How many units the time of a rate is reported for: compare.py prints whole nanoseconds.
double units_of(const Metric& metric) {
  return metric.unit == "bits_per_s" ? 1e9 : 1;
}

std::optional<double> real_time_ns(const Metric& metric, double value) {
  const double time = metric.better == Better::kHigher ? 1e9 / value * units_of(metric) : value;
  if (!std::isfinite(time)) return std::nullopt;
  return time;
}

double cpu_time_ns(const Result& result, const Metric& metric, const Sample& sample,
                   double otherwise) {
  for (const Metric& other : result.metrics) {
    if (other.unit != kCpuUnit || metric.unit == kCpuUnit || test_of(other) != test_of(metric))
      continue;
    for (const Sample& cpu : other.samples)
      if (cpu.path == sample.path && cpu.round == sample.round && counts(cpu)) return cpu.value;
  }
  return otherwise;
}

ordered_json context(const Result& result) {
  const auto environment_value = [&result](const char* key) {
    return result.environment.is_object() ? result.environment.value(key, nlohmann::json())
                                          : nlohmann::json();
  };
  const nlohmann::json cpus = environment_value("cpus");
  ordered_json context{{"date", result.started_utc},
                       {"executable", "tunrelay " + result.suite},
                       {"num_cpus", cpus.is_number() ? cpus : nlohmann::json(1)},
                       {"cpu_scaling_enabled", environment_value("governor") == "powersave"},
                       {"caches", ordered_json::array()},
                       {"title", result.title}};
  for (const char* key : {"kernel", "processor", "commit"})
    if (const nlohmann::json value = environment_value(key); value.is_string())
      context[key] = value;
  return context;
}

void add_rows(ordered_json& rows, const Result& result, const Metric& metric,
              const std::string& path, std::size_t family) {
  const std::string name = path == kSubject ? metric.name : metric.name + "/link:" + path;
  std::vector<const Sample*> samples;
  for (const Sample& sample : metric.samples)
    if (sample.path == path && counts(sample) && real_time_ns(metric, sample.value))
      samples.push_back(&sample);
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample* a, const Sample* b) { return a->round < b->round; });
  for (std::size_t index = 0; index < samples.size(); ++index) {
    const double time = *real_time_ns(metric, samples[index]->value);
    ordered_json row{{"name", name},
                     {"family_index", family},
                     {"per_family_instance_index", 0},
                     {"run_name", name},
                     {"run_type", "iteration"},
                     {"repetitions", samples.size()},
                     {"repetition_index", index},
                     {"threads", 1},
                     {"iterations", 1},
                     {"real_time", time},
                     {"cpu_time", cpu_time_ns(result, metric, *samples[index], time)},
                     {"time_unit", "ns"}};
    // A unit that is a key of the form itself stands under another name.
    const bool taken = row.contains(metric.unit) || metric.unit.empty();
    row[taken ? "value_" + metric.unit : metric.unit] = samples[index]->value;
    rows.push_back(std::move(row));
  }
}

}  // namespace

std::string google_benchmark_json(const Result& result) {
  ordered_json rows = ordered_json::array();
  std::size_t family = 0;
  for (const Metric& metric : result.metrics)
    for (const std::string& path : paths_of(metric)) add_rows(rows, result, metric, path, family++);
  const ordered_json document{{"context", context(result)}, {"benchmarks", std::move(rows)}};
  return json_text(document, 2) + "\n";
}

}  // namespace tunrelay
