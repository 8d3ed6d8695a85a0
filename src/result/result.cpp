// SPDX-License-Identifier: MIT
#include "result/result.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tunrelay {

const char* name_of(Better better) noexcept {
  switch (better) {
    case Better::kHigher:
      return "higher";
    case Better::kLower:
      return "lower";
    case Better::kNeither:
      break;
  }
  return "neither";
}

std::optional<Better> better_named(std::string_view name) noexcept {
  for (const Better better : {Better::kHigher, Better::kLower, Better::kNeither})
    if (name == name_of(better)) return better;
  return std::nullopt;
}

bool counts(const Sample& sample) noexcept {
  return sample.invalid_reason.empty() && std::isfinite(sample.value);
}

std::vector<double> valid_values(const Metric& metric, std::string_view path) {
  std::vector<const Sample*> samples;
  for (const Sample& sample : metric.samples)
    if (sample.path == path && counts(sample)) samples.push_back(&sample);
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample* a, const Sample* b) { return a->round < b->round; });
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Sample* sample : samples) values.push_back(sample->value);
  return values;
}

std::vector<std::string> paths_of(const Metric& metric) {
  std::vector<std::string> paths;
  for (const Sample& sample : metric.samples)
    if (std::find(paths.begin(), paths.end(), sample.path) == paths.end())
      paths.push_back(sample.path);
  return paths;
}

Metric& Result::metric(const std::string& name, const std::string& unit, Better better) {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&name](const Metric& metric) { return metric.name == name; });
  if (found != metrics.end()) return *found;
  metrics.push_back({.name = name, .unit = unit, .better = better, .samples = {}});
  return metrics.back();
}

const Metric* Result::find_metric(std::string_view name) const noexcept {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [name](const Metric& metric) { return metric.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

bool is_invalid(const Result& result, const Distribution& distribution) {
  const Metric* metric = result.find_metric(distribution.name + "_p50");
  if (metric == nullptr) return false;
  const std::vector<std::string> paths = paths_of(*metric);
  return std::find(paths.begin(), paths.end(), distribution.path) != paths.end() &&
         valid_values(*metric, distribution.path).empty();
}

}  // namespace tunrelay
