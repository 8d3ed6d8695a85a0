// SPDX-License-Identifier: MIT
#include "suite/rate_search_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

/// Trials that decide about a load: three of five that hold are enough.
constexpr std::int64_t kTrialsAtALoad = 5;
/// A rate is a mean over the trial: sends may be late by that share of it.
constexpr std::int64_t kSlipShare = 100;

/// A search on one path.
struct PathSearch {
  const SearchedPath* path;
  RateSearch search;
  double last_at_s = 0;  ///< when its last trial began
};

std::string figure(std::uint64_t load_per_s) {
  return format_count(load_per_s) + "/s";
}

/// "ndr 199,012/s to 200,010/s".
std::string describe(const GoalResult& goal) {
  const Bracket& bounds = goal.bounds;
  return fmt::format("{} {} to {}", goal.goal.name,
                     bounds.lower_per_s ? figure(*bounds.lower_per_s) : "?",
                     bounds.upper_per_s ? figure(*bounds.upper_per_s) : "?");
}

/// Adds what a search does and finds to a result.
class SearchRecorder {
 public:
  SearchRecorder(Result& result, const RateSearchTask& task, const PathSearch& done)
      : result_(result), task_(task), done_(done) {}

  void add_last_trial() {
    const SearchTrial& trial = done_.search.trials().back();
    add_sample("search_load", Better::kNeither, "messages_per_s",
               static_cast<double>(trial.input.load_per_s), trial.invalid_reason);
    add_sample("search_loss", Better::kNeither, "ratio", trial.loss_ratio, trial.invalid_reason);
  }
  void add_goals() {
    for (const GoalResult& goal : done_.search.results()) add_goal(goal);
  }

 private:
  void add_goal(const GoalResult& goal) {
    const std::string& name = goal.goal.name;
    const auto add = [&](const std::string& metric, Better better, double value,
                         const std::string& invalid_reason = "") {
      add_sample(metric, better, "messages_per_s", value, invalid_reason);
    };
    const auto& [lower, upper] = goal.bounds;
    add(name, Better::kHigher, goal.conditional_throughput_per_s,
        lower ? "" : std::string(to_string(goal.end)));
    if (lower) add(name + "_lower", Better::kNeither, static_cast<double>(*lower));
    if (upper) add(name + "_upper", Better::kNeither, static_cast<double>(*upper));
    if (goal.end != SearchEnd::kReached)
      result_.notes.push_back(fmt::format("{}, {}, round {}: {}: {}", done_.path->name,
                                          task_.load.name, task_.round, describe(goal),
                                          to_string(goal.end)));
    if (goal.loss_inversion)
      result_.notes.push_back(
          fmt::format("{}, {}, round {}: trials of {} disagree: some load above the bounds was "
                      "carried too; the smaller one counts",
                      done_.path->name, task_.load.name, task_.round, name));
  }

  void add_sample(const std::string& metric, Better better, const std::string& unit, double value,
                  const std::string& invalid_reason) {
    result_.metric(task_.load.name + "/" + metric, unit, better)
        .samples.push_back({.path = done_.path->name,
                            .round = task_.round,
                            .value = value,
                            .at_s = done_.last_at_s,
                            .invalid_reason = invalid_reason});
  }

  Result& result_;
  const RateSearchTask& task_;
  const PathSearch& done_;
};

void take_trial(PathSearch& one, const RateSearchTask& task) {
  const TrialInput input = *one.search.next();
  LoadSpec spec = task.load.spec;
  spec.messages_per_s = static_cast<double>(input.load_per_s);
  spec.duration_ns = input.duration_ns;
  spec.slip_limit_ns = std::numeric_limits<std::int64_t>::max();  // search_trial_of() judges it
  one.last_at_s = task.now_s();
  const std::string name = fmt::format("{} at {}/s, {}", task.load.name, input.load_per_s,
                                       format_duration(static_cast<double>(input.duration_ns)));
  const std::int64_t begin_ns = monotonic_ns();
  SearchTrial trial = search_trial_of(input, one.path->run_trial(spec, name).trial);
  trial.spent_ns = monotonic_ns() - begin_ns;
  one.search.record(std::move(trial));
}

SearchGoal goal_of(const char* name, double most_loss_ratio, std::int64_t duration_ns) {
  SearchGoal goal;
  goal.name = name;
  goal.loss_ratio = most_loss_ratio;
  goal.initial_trial_ns = goal.final_trial_ns = duration_ns;
  goal.duration_sum_ns = kTrialsAtALoad * duration_ns;
  return goal;
}

}  // namespace

SearchGoal ndr_goal(std::int64_t duration_ns) {
  return goal_of("ndr", 0, duration_ns);
}

SearchGoal pdr_goal(std::int64_t duration_ns) {
  return goal_of("pdr", 0.005, duration_ns);
}

SearchTrial search_trial_of(const TrialInput& input, const TrialReport& trial) {
  const DirectionReport& direction = trial.directions[0];
  SearchTrial found{.input = input, .invalid_reason = trial.invalid_reason};
  // What the kernel refused was meant to arrive too.
  const auto meant = static_cast<double>(direction.sent.messages + direction.sent.failed);
  const auto arrived = static_cast<double>(direction.received.sequence.received);
  found.loss_ratio = meant == 0 ? 0 : std::clamp(1 - arrived / meant, 0.0, 1.0);
  const std::int64_t late_ns = direction.sent.last_slip_ns;
  found.sent_per_s = 1e9 * static_cast<double>(direction.sent.messages) /
                     static_cast<double>(input.duration_ns + late_ns);
  if (found.is_invalid()) return found;
  const std::int64_t slip_limit_ns = input.duration_ns / kSlipShare;
  const std::int64_t slip_ns = direction.sent.slip.value_at_percentile(99);
  // Without figures, so that trials that are invalid for the same reason are reported in one row.
  if (late_ns > slip_limit_ns)
    found.invalid_reason = "the sender fell back by more than 1 % of the trial";
  else if (slip_ns > slip_limit_ns && found.loss_ratio > 0)
    // Where the bursts with which it caught up got through, so would an even load.
    found.invalid_reason =
        "the sender was held up, and what it then sent in bursts was not carried";
  return found;
}

bool run_rate_search(const std::vector<SearchedPath>& paths, const RateSearchTask& task,
                     Result& result) {
  std::vector<PathSearch> searches;
  for (const SearchedPath& path : paths) {
    SearchPlan plan = task.plan;
    plan.most_per_s = path.most_per_s;
    searches.push_back({.path = &path, .search = RateSearch(std::move(plan))});
  }
  std::size_t trials = 0;
  bool is_over = false;
  bool is_cut = false;
  for (std::size_t turn = 0; !is_over && !is_cut; ++turn) {
    is_over = true;
    for (std::size_t at = 0; at < searches.size() && !is_cut; ++at) {
      PathSearch& one = searches[turn % 2 == 0 ? at : searches.size() - 1 - at];
      if (!one.search.next()) continue;
      is_over = false;
      is_cut = task.is_stopped();
      if (is_cut) break;
      take_trial(one, task);
      SearchRecorder(result, task, one).add_last_trial();
      task.on_trial(++trials, one.path->name + " " + describe(one.search.results().front()));
    }
  }
  for (const PathSearch& one : searches) SearchRecorder(result, task, one).add_goals();
  return !is_cut;
}

}  // namespace tunrelay
