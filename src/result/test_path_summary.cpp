// SPDX-License-Identifier: MIT
#include "result/test_path_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tunrelay {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Of VALUES: the median, the lowest and the highest.
void set_figures(TestPathSummary& summary, const std::vector<double>& values) {
  summary.median = median_of(values);
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  summary.lowest = values.empty() ? kNone : *lowest;
  summary.highest = values.empty() ? kNone : *highest;
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return kNone;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  // Halves are added, since the sum of two large numbers need not be a number.
  return *std::max_element(values.begin(), middle) / 2 + *middle / 2;
}

std::map<std::uint32_t, double> medians_by_round(const Metric& metric, std::string_view path) {
  std::map<std::uint32_t, std::vector<double>> rounds;
  for (const Sample& sample : metric.samples)
    if (sample.path == path && counts(sample)) rounds[sample.round].push_back(sample.value);
  std::map<std::uint32_t, double> medians;
  for (const auto& [round, values] : rounds) medians[round] = median_of(values);
  return medians;
}

std::vector<double> paired_ratios(const Metric& metric, std::string_view path,
                                  std::string_view reference) {
  std::vector<double> ratios;
  const auto references = medians_by_round(metric, reference);
  for (const auto& [round, value] : medians_by_round(metric, path)) {
    const auto other = references.find(round);
    if (other == references.end()) continue;
    const double ratio = value / other->second;
    if (std::isfinite(ratio)) ratios.push_back(ratio);
  }
  return ratios;
}

std::string reference_path(const Metric& metric) {
  const std::vector<std::string> paths = paths_of(metric);
  for (const char* reference : {kControl, kBase})
    if (std::find(paths.begin(), paths.end(), reference) != paths.end()) return reference;
  return {};
}

std::vector<TestPathSummary> summarise(const Metric& metric) {
  std::vector<TestPathSummary> summaries;
  const std::string reference = reference_path(metric);
  for (const std::string& path : paths_of(metric)) {
    const std::vector<double> values = valid_values(metric, path);
    const auto samples = std::count_if(metric.samples.begin(), metric.samples.end(),
                                       [&path](const Sample& one) { return one.path == path; });
    TestPathSummary summary{.path = path,
                            .valid = values.size(),
                            .invalid = static_cast<std::size_t>(samples) - values.size(),
                            .median = kNone,
                            .lowest = kNone,
                            .highest = kNone,
                            .ratio = kNone};
    set_figures(summary, values);
    if (!reference.empty() && path != reference)
      summary.ratio = median_of(paired_ratios(metric, path, reference));
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

std::vector<TestPathSummary> shown_summaries(const Metric& metric) {
  std::vector<TestPathSummary> summaries = summarise(metric);
  for (TestPathSummary& summary : summaries) {
    if (summary.valid != 0) continue;
    std::vector<double> values;
    for (const Sample& sample : metric.samples)
      if (sample.path == summary.path && std::isfinite(sample.value))
        values.push_back(sample.value);
    set_figures(summary, values);
    summary.is_invalid = !values.empty();
  }
  return summaries;
}

}  // namespace tunrelay
