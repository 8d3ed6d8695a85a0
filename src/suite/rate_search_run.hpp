// SPDX-License-Identifier: MIT
// A search for the highest rate (analysis/rate_search.hpp) across paths: its trials are loads of
// the generator, and what it finds becomes samples of a Result. Paths take turns trial by trial, so
// that whatever the machine does meanwhile happens to all searches alike.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analysis/rate_search.hpp"
#include "gen/load_spec.hpp"
#include "result/result.hpp"
#include "suite/campaign.hpp"

namespace tunrelay {

/// A path, and a way to send a load across it. The function may throw Error.
struct SearchedPath {
  std::string name;
  /// NAME: what a record of the path calls it.
  std::function<PathTrial(const LoadSpec&, const std::string& name)> run_trial;
  std::uint64_t most_per_s = 1'000'000;  ///< what to start from: an overload, or nearly
};

/// What is searched, and where its samples stand.
struct RateSearchTask {
  LoadCase load;    ///< UDP, one direction; rate and duration are the search's
  SearchPlan plan;  ///< the most load is each path's own
  std::uint32_t round = 0;
  std::function<double()> now_s;     ///< since the run began
  std::function<bool()> is_stopped;  ///< called before each trial
  /// After each trial: how many there have been, and what the search found so far, as text.
  std::function<void(std::size_t trials, const std::string& what)> on_trial;
};

/// Goals as FD.io CSIT has them, for trials of DURATION_NS: no loss, or 0.5 %, in more than half of
/// the trials at a load, bounds within 0.5 % of each other.
[[nodiscard]] SearchGoal ndr_goal(std::int64_t duration_ns);
[[nodiscard]] SearchGoal pdr_goal(std::int64_t duration_ns);

/// Searches on all LINKS side by side. Adds to RESULT, for each goal: `ndr` (the conditional
/// throughput), `ndr_lower` and `ndr_upper` (the bounds that there are); the trials, as they are
/// done, as `search_load` and `search_loss`; and a note for each goal that was not reached as
/// requested. False: stopped before its end; what was found so far is added all the same.
bool run_rate_search(const std::vector<SearchedPath>& paths, const RateSearchTask& task,
                     Result& result);

/// What TRIAL, sent for INPUT, says to a search. It is invalid when the sender fell back for good,
/// or when something was lost while it sent in bursts to catch up.
[[nodiscard]] SearchTrial search_trial_of(const TrialInput& input, const TrialReport& trial);

}  // namespace tunrelay
