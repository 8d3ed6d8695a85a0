// SPDX-License-Identifier: MIT
// The suites `ndr` and `pdr`: the highest rate that a path carries without loss, or with little.
#include <fmt/format.h>

#include <algorithm>

#include "suite/rate_search_run.hpp"
#include "suite/suites.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kFrameBytes = 64;
constexpr std::uint64_t kMinPerS = 100;
constexpr std::int64_t kFloodNs = 300 * kNanosecondsPerMillisecond;
/// Trials that a goal takes on a quiet machine, with some to spare: for the progress alone.
constexpr double kTrialsAGoal = 16;

/// What the generator sends when nothing holds it back: more need not be requested.
std::uint64_t most_sendable(Campaign& campaign, TestPathHost& path, SuiteOptions options) {
  options.duration_ns = kFloodNs;
  const PathTrial flood = campaign.try_out(path, udp_flood(options, kFrameBytes));
  const double most = static_cast<double>(flood.trial.directions[0].sent.messages) * 1e9 /
                      static_cast<double>(kFloodNs);
  return std::max(kMinPerS, static_cast<std::uint64_t>(most));
}

bool search(const SuiteRun& run, std::vector<SearchGoal> goals) {
  const SuiteOptions& options = run.options;
  Campaign& campaign = run.campaign;
  run.on_progress(0, "looking for what the generator can send");
  RateSearchTask task;
  task.load = udp_flood(options, kFrameBytes);
  task.plan.goals = std::move(goals);
  task.plan.least_per_s = kMinPerS;
  if (options.time_limit_ns != 0) task.plan.most_time_ns = options.time_limit_ns;
  task.now_s = [&] { return campaign.elapsed_s(); };
  task.is_stopped = [&] { return campaign.is_stopped(); };
  std::vector<SearchedPath> paths;
  for (const auto& path : campaign.paths()) {
    const std::uint64_t most_per_s = most_sendable(campaign, *path, options);
    campaign.result().done["most_messages_per_s"][path->spec().name] = most_per_s;
    paths.push_back(
        {.name = path->spec().name,
         .run_trial = [&path](const LoadSpec& spec,
                              const std::string& name) { return path->run_trial(spec, name); },
         .most_per_s = most_per_s});
  }
  const double usual_trials =
      kTrialsAGoal * static_cast<double>(paths.size() * task.plan.goals.size());
  for (task.round = 0; task.round < options.rounds; ++task.round) {
    task.on_trial = [&](std::size_t trials, const std::string& what) {
      const double part = std::min(0.99, static_cast<double>(trials) / usual_trials);
      run.on_progress((task.round + part) / options.rounds, what);
    };
    const bool is_done = run_rate_search(paths, task, campaign.result());
    campaign.result().duration_s = campaign.elapsed_s();
    if (!is_done) return false;
  }
  campaign.result().complete = true;
  run.on_progress(1, "done");
  return true;
}

}  // namespace

bool run_ndr_suite(const SuiteRun& run) {
  return search(run, {ndr_goal(run.options.duration_ns)});
}

bool run_pdr_suite(const SuiteRun& run) {
  return search(run, {pdr_goal(run.options.duration_ns), ndr_goal(run.options.duration_ns)});
}

}  // namespace tunrelay
