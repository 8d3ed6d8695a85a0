// SPDX-License-Identifier: MIT
#include "report/joined_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/ensure.hpp"
#include "base/utc.hpp"
#include "result/origin.hpp"

namespace tunrelay {
namespace {

/// Adds WORDS to LIST, unless they are there.
void add_entries(std::string& list, const std::string& text, const char* between) {
  if (text.empty() || list.find(text) != std::string::npos) return;
  list += (list.empty() ? "" : between) + text;
}

class Join {
 public:
  explicit Join(const Result& first) {
    joined_.started_utc = first.started_utc;
    joined_.seed = first.seed;
    joined_.complete = true;
    joined_.environment = first.environment;
    joined_.asked = nlohmann::json::object();
    joined_.done = nlohmann::json::object();
  }

  void add(const Result& result) {
    add_entries(joined_.suite, result.suite, " + ");
    add_entries(joined_.title, result.title, ", ");
    joined_.duration_s += result.duration_s;
    joined_.complete = joined_.complete && result.complete;
    if (joined_.floor.is_null()) joined_.floor = result.floor;
    const std::size_t run = ++runs_[result.suite];
    const std::string name = run == 1 ? result.suite : fmt::format("{}, run {}", result.suite, run);
    joined_.asked[name] = result.asked;
    joined_.done[name] = result.done;
    note_another_environment(result);
    add_origins(result);
    const double begun_s =
        parse_utc(result.started_utc) - parse_utc(joined_.started_utc);  // NaN where one is none
    for (const Metric& metric : result.metrics)
      add(metric, begun_s >= 0 ? begun_s : 0, !result.origins.empty());
    for (const Distribution& distribution : result.distributions) add(distribution);
    for (Series series : result.series) {
      if (has(series)) series.name += fmt::format(" ({})", name);
      joined_.series.push_back(std::move(series));
    }
    for (const std::string& note : result.notes) note_once(note);
  }

  /// Of one machine, samples need no origin.
  [[nodiscard]] Result take() {
    if (split_by_machine(joined_).size() < 2) {
      joined_.origins.clear();
      for (Metric& metric : joined_.metrics)
        for (Sample& sample : metric.samples) sample.origin = 0;
    }
    return std::move(joined_);
  }

 private:
  /// The runs of RESULT, which follow those before. The joined rounds are theirs.
  void add_origins(const Result& result) {
    first_origin_ = static_cast<std::uint32_t>(joined_.origins.size());
    for (const Result& run : runs_of(result)) {
      joined_.origins.push_back(origin_of(run));
      // The joined environment is that of the first; what this one does not say it does not share.
      nlohmann::json& own = joined_.origins.back().environment;
      if (!joined_.environment.is_object()) continue;
      if (!own.is_object()) own = nlohmann::json::object();
      for (const auto& [key, value] : joined_.environment.items())
        if (!own.contains(key)) own[key] = nullptr;
    }
  }

  void add(const Metric& metric, double begun_s, bool has_origins) {
    std::string name = metric.name;
    if (const Metric* known = joined_.find_metric(name);
        known != nullptr && (known->unit != metric.unit || known->better != metric.better))
      name += " in " + metric.unit;
    Metric& joined = joined_.metric(name, metric.unit, metric.better);
    std::uint32_t next_round = 0;
    for (const Sample& sample : joined.samples) next_round = std::max(next_round, sample.round + 1);
    for (Sample sample : metric.samples) {
      sample.round += next_round;
      sample.at_s += begun_s;
      sample.origin = first_origin_ + (has_origins ? sample.origin : 0);
      joined.samples.push_back(std::move(sample));
    }
  }

  void add(const Distribution& distribution) {
    for (Distribution& known : joined_.distributions) {
      if (known.name != distribution.name || known.path != distribution.path) continue;
      known.histogram += distribution.histogram;
      known.interval_s += distribution.interval_s;
      return;
    }
    joined_.distributions.push_back(distribution);
  }

  [[nodiscard]] bool has(const Series& series) const {
    return std::any_of(joined_.series.begin(), joined_.series.end(), [&](const Series& one) {
      return one.name == series.name && one.path == series.path;
    });
  }

  void note_another_environment(const Result& result) {
    const auto value = [](const Result& one, const char* key) {
      return one.environment.is_object() ? one.environment.value(key, nlohmann::json())
                                         : nlohmann::json();
    };
    for (const auto& [key, text] : {std::pair{"machine_id", "on different machines"},
                                    std::pair{"kernel", "with different kernels"},
                                    std::pair{"commit", "at different commits"}})
      if (value(result, key) != value(joined_, key))
        note_once(fmt::format(
            "These runs were made {}: the environment shown is that of the first.", text));
  }

  void note_once(const std::string& note) {
    if (std::find(joined_.notes.begin(), joined_.notes.end(), note) == joined_.notes.end())
      joined_.notes.push_back(note);
  }

  Result joined_;
  std::uint32_t first_origin_ = 0;           ///< of the result that is being added
  std::map<std::string, std::size_t> runs_;  ///< how many of each suite were added
};

}  // namespace

Result joined_result(std::span<const Result> results) {
  ensure(!results.empty(), "there is a result to join");
  if (results.size() == 1) return results.front();
  Join join(results.front());
  for (const Result& result : results) join.add(result);
  return join.take();
}

}  // namespace tunrelay
