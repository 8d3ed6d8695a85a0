// SPDX-License-Identifier: MIT
#include "analysis/merged_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>

#include "analysis/comparability.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "result/origin.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr const char* kMergeAttempt = "merge";
/// Of a run's digest: enough to know its series from others.
constexpr std::size_t kShownRunLength = 8;

/// A sum that is the same in whatever order its parts came; NaN when one of them is.
double sum_of(std::vector<double> parts) {
  if (std::any_of(parts.begin(), parts.end(), [](double part) { return std::isnan(part); }))
    return std::numeric_limits<double>::quiet_NaN();
  std::sort(parts.begin(), parts.end());
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

/// NaN where none is a number.
double least_of(const std::vector<double>& values) {
  double least = std::numeric_limits<double>::quiet_NaN();
  for (const double value : values)
    if (!std::isnan(value) && !(least <= value)) least = value;
  return least;
}

/// The one that all are; else nothing.
template <typename Run, typename Get>
auto common(const std::vector<Run>& runs, const Get& get) {
  auto value = get(runs.front());
  for (const Run& run : runs)
    if (get(run) != value) return decltype(value){};
  return value;
}

/// Takes from each run's MEMBER what all of them have alike, and gives that: null where that
/// is nothing and none is an object.
template <typename Run>
json take_common(std::vector<Run>& runs, json Origin::*member) {
  if (std::none_of(runs.begin(), runs.end(),
                   [&](const Run& run) { return (run.origin.*member).is_object(); }))
    return {};
  const json first = runs.front().origin.*member;
  json alike = json::object();
  if (first.is_object())
    for (const auto& [key, value] : first.items())
      if (std::all_of(runs.begin(), runs.end(), [&, &name = key, &same = value](const Run& run) {
            const json& other = run.origin.*member;
            return other.is_object() && other.contains(name) && other[name] == same;
          }))
        alike[key] = value;
  for (Run& run : runs) {
    json& own = run.origin.*member;
    if (!own.is_object()) continue;
    for (const auto& [key, value] : alike.items()) own.erase(key);
  }
  return alike;
}

template <typename Run>
std::string suites_of(const std::vector<Run>& runs) {
  std::set<std::string> suites;
  for (const Run& run : runs) suites.insert(run.suite);
  return fmt::format("{}", fmt::join(suites, " + "));
}

std::uint64_t rounds_of(const std::vector<Metric>& metrics) {
  std::uint64_t rounds = 0;
  for (const Metric& metric : metrics)
    for (const Sample& sample : metric.samples)
      rounds = std::max(rounds, std::uint64_t{sample.round} + 1);
  return rounds;
}

/// RUN's samples become those of run WHICH, in rounds behind those of the runs before.
void add_samples(Result& merged, const std::vector<Metric>& metrics, std::size_t which,
                 std::uint32_t first_round) {
  for (const Metric& metric : metrics) {
    std::string name = metric.name;
    if (const Metric* known = merged.find_metric(name);
        known != nullptr && (known->unit != metric.unit || known->better != metric.better))
      name += " in " + metric.unit;  // by --force
    Metric& all = merged.metric(name, metric.unit, metric.better);
    for (Sample sample : metric.samples) {
      sample.round += first_round;
      sample.origin = static_cast<std::uint32_t>(which);
      all.samples.push_back(std::move(sample));
    }
  }
}

}  // namespace

std::vector<std::string> ResultMerger::differences(const Input& input) const {
  if (runs_.empty()) return {};
  std::vector<std::string> found;
  for (const Result& run : runs_of(input.result))
    for (std::string& sentence :
         configuration_differences(first_, run, {first_source_, input.source}))
      if (std::find(found.begin(), found.end(), sentence) == found.end())
        found.push_back(std::move(sentence));
  return found;
}

void ResultMerger::add(Input input) {
  Result& result = input.result;
  std::vector<Result> parts = runs_of(result);
  std::vector<Run> added;
  for (std::size_t which = 0; which < parts.size(); ++which) {
    Result& part = parts[which];
    Run run{.origin = origin_of(result.origins.empty() ? result : part),
            .suite = part.suite,
            .source = input.source,
            .metrics = std::move(part.metrics)};
    if (!result.origins.empty()) {
      run.origin.run = result.origins[which].run;
      run.origin.machine = result.origins[which].machine;
    }
    for (const std::vector<Run>* known : {&runs_, &added})
      for (const Run& other : *known)
        if (other.origin.run == run.origin.run)
          throw_usage_error(kMergeAttempt, fmt::format("{} and {}", other.source, input.source),
                            "both have the same run, which would count twice",
                            "give each result once");
    added.push_back(std::move(run));
  }
  if (runs_.empty()) {
    first_ = std::move(parts.front());
    first_.metrics.clear();
    // Units are compared, samples are not.
    for (const Metric& metric : result.metrics)
      (void)first_.metric(metric.name, metric.unit, metric.better);
    first_source_ = input.source;
  }
  add_distributions(result);
  add_series(result, added.front().origin);
  notes_.insert(notes_.end(), result.notes.begin(), result.notes.end());
  std::move(added.begin(), added.end(), std::back_inserter(runs_));
}

void ResultMerger::add_distributions(const Result& result) {
  for (const Distribution& distribution : result.distributions) {
    Sum& sum = sums_[{distribution.name, distribution.path}];
    sum.histogram += distribution.histogram;
    sum.starts_s.push_back(distribution.start_s);
    sum.intervals_s.push_back(distribution.interval_s);
  }
}

void ResultMerger::add_series(Result& result, const Origin& origin) {
  for (Series& series : result.series) {
    if (result.origins.empty())  // those of merged results bear their run's name
      series.name +=
          fmt::format(" ({}, {})", origin.machine, origin.run.substr(0, kShownRunLength));
    series_.push_back({std::move(series), origin.run});
  }
}

Result ResultMerger::take() {
  ensure(!runs_.empty(), "there is a result to merge");
  std::sort(runs_.begin(), runs_.end(), [](const Run& left, const Run& right) {
    return std::tie(left.origin.started_utc, left.origin.machine, left.origin.run) <
           std::tie(right.origin.started_utc, right.origin.machine, right.origin.run);
  });
  Result merged;
  merged.suite = suites_of(runs_);
  merged.title = common(runs_, [](const Run& run) { return run.origin.title; });
  merged.started_utc = runs_.front().origin.started_utc;
  merged.seed = common(runs_, [](const Run& run) { return run.origin.seed; });
  merged.complete =
      std::all_of(runs_.begin(), runs_.end(), [](const Run& run) { return run.origin.complete; });
  merged.asked = take_common(runs_, &Origin::asked);
  merged.done = take_common(runs_, &Origin::done);
  merged.environment = take_common(runs_, &Origin::environment);
  std::vector<double> durations_s;
  std::uint64_t next_round = 0;
  for (std::size_t which = 0; which < runs_.size(); ++which) {
    Run& run = runs_[which];
    durations_s.push_back(run.origin.duration_s);
    run.origin.first_round = static_cast<std::uint32_t>(next_round);
    next_round += rounds_of(run.metrics);
    if (next_round > std::numeric_limits<std::uint32_t>::max())
      throw_usage_error(kMergeAttempt, fmt::format("{} runs", runs_.size()),
                        "they have more rounds than a result can number", "merge fewer of them");
    add_samples(merged, run.metrics, which, run.origin.first_round);
    merged.origins.push_back(std::move(run.origin));
  }
  merged.duration_s = sum_of(std::move(durations_s));
  for (auto& [key, sum] : sums_)
    merged.distributions.push_back({.name = key.first,
                                    .path = key.second,
                                    .start_s = least_of(sum.starts_s),
                                    .interval_s = sum_of(std::move(sum.intervals_s)),
                                    .histogram = std::move(sum.histogram)});
  // Stable: a run may have several of one name, one after the other.
  std::stable_sort(series_.begin(), series_.end(),
                   [](const InputSeries& left, const InputSeries& right) {
                     return std::tie(left.series.name, left.series.path, left.run) <
                            std::tie(right.series.name, right.series.path, right.run);
                   });
  for (InputSeries& one : series_) merged.series.push_back(std::move(one.series));
  std::sort(notes_.begin(), notes_.end());
  notes_.erase(std::unique(notes_.begin(), notes_.end()), notes_.end());
  merged.notes = std::move(notes_);
  return merged;
}

}  // namespace tunrelay
