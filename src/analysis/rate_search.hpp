// SPDX-License-Identifier: MIT
// The search for the highest load that a path carries with no more loss than a goal allows, by
// the rules of RFC 9971 (MLRsearch). Pure: it says which trial to do next, and gets what came
// of it; whoever drives it may do other things between, for instance the trials of a control.
//
// For each goal it first probes: one trial a load, the first ones as short as the goal has it,
// from a guess (what arrived of an overload) in growing steps and then by halves, until the bounds
// are narrow. Then it confirms: the two bounds are tried again and again until the goal's
// classification is sure of them. A bound that does not hold is probed again. Each trial counts for
// all goals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/bracket.hpp"
#include "analysis/search_goal.hpp"

namespace tunrelay {

struct SearchPlan {
  std::vector<SearchGoal> goals;
  std::uint64_t least_per_s = 100;
  std::uint64_t most_per_s = 1'000'000;
  std::size_t most_trials = 300;                            ///< void ones included
  std::int64_t most_time_ns = 600 * kNanosecondsPerSecond;  ///< of trials as SearchTrial has it
};

/// Why no more trials are requested for a goal.
enum class SearchEnd : std::uint8_t {
  kReached,        ///< the bounds are as near to each other as requested
  kMaxLoad,        ///< the most load is a lower bound: the rate is that or above
  kMinLoad,        ///< the least load is an upper bound: the rate is below it
  kSenderLimit,    ///< what the sender can send is a lower bound: its limit, not the path's
  kInvalidTrials,  ///< void again and again at a load that the sender can send
  kTrialLimit,
  kTimeLimit,
  kNotYet,  ///< more trials are wanted: the search was left
};
/// As text for a reader of results.
[[nodiscard]] std::string_view to_string(SearchEnd end) noexcept;

/// What is known for a goal. Without kReached it is irregular in the terms of RFC 9971: the bounds
/// that are there hold, but say less than requested.
struct GoalResult {
  SearchGoal goal;
  SearchEnd end = SearchEnd::kNotYet;
  Bracket bounds;
  double conditional_throughput_per_s = 0;  ///< at the lower bound; 0 without one
  bool loss_inversion = false;              ///< some higher load held the goal: trials disagree
};

/// Used by one thread.
class RateSearch {
 public:
  /// Throws a usage Error that names what can't be.
  explicit RateSearch(SearchPlan plan);

  /// The trial to be done now; none: the search is over. The same until record().
  [[nodiscard]] const std::optional<TrialInput>& next() const noexcept { return next_; }
  /// What came of next(). A load that is invalid several times in a row can't be sent: neither that
  /// nor more is requested again. One that was sent, or more than it, gets more tries.
  void record(SearchTrial trial);

  /// By goal, in the order of the plan; at any time.
  [[nodiscard]] std::vector<GoalResult> results() const;
  /// All so far, void ones too, in the order in which they were done.
  [[nodiscard]] const std::vector<SearchTrial>& trials() const noexcept { return trials_; }
  /// The least load that could not be sent, where there is one.
  [[nodiscard]] std::optional<std::uint64_t> unsendable_per_s() const noexcept;

 private:
  /// One trial a load of that duration, until the bounds are so narrow.
  struct Probe {
    std::int64_t duration_ns = 0;
    double width = 0;
  };
  struct GoalState {
    std::vector<Probe> probes;  ///< from short to final trials
    std::size_t at = 0;         ///< which of them is at work
    Bracket before;             ///< what the one before it had found when it was done
  };

  void plan_next();
  [[nodiscard]] std::optional<TrialInput> wanted_for(std::size_t goal);
  [[nodiscard]] std::optional<TrialInput> probe(std::size_t goal) const;
  [[nodiscard]] std::optional<TrialInput> confirm(std::size_t goal) const;
  [[nodiscard]] Bracket probed(std::size_t goal) const;
  [[nodiscard]] double guess_per_s(std::size_t goal) const;
  void note_invalid(const SearchTrial& trial);
  [[nodiscard]] bool wants_more(std::size_t goal) const;
  [[nodiscard]] SearchEnd end_of(std::size_t goal, const Bracket& bounds) const;

  SearchPlan plan_;
  LoadRange range_;
  std::vector<std::size_t> order_;  ///< goals, strict ones first: small loads are tried first
  std::vector<GoalState> states_;
  std::vector<SearchTrial> trials_;
  TrialsByLoad by_load_;
  std::size_t voids_ = 0;       ///< in a row, up to now; next() stays the same meanwhile
  double most_sent_per_s_ = 0;  ///< in those
  bool is_sender_slow_ = true;  ///< why there is an unsendable load
  std::int64_t spent_ns_ = 0;
  std::optional<TrialInput> next_;
  SearchEnd limit_ = SearchEnd::kNotYet;  ///< kTrialLimit, kTimeLimit once that was met
};

}  // namespace tunrelay
