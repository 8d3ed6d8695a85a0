// SPDX-License-Identifier: MIT
// What a search for the highest rate has to find, and the trials that it does for that: plain
// data in the terms of RFC 9971 (MLRsearch). Loads are whole messages a second.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace tunrelay {

/// RFC 9971 section 4.6.
struct SearchGoal {
  std::string name;                                       ///< "ndr"
  double loss_ratio = 0;                                  ///< the most that is tolerated; below 1
  std::int64_t final_trial_ns = kNanosecondsPerSecond;    ///< of a trial that counts in full
  std::int64_t duration_sum_ns = kNanosecondsPerSecond;   ///< of trials that decide about a load
  double exceed_ratio = 0.5;                              ///< share of them that may lose more
  std::int64_t initial_trial_ns = kNanosecondsPerSecond;  ///< of the search's first trials
  double width = 0.005;  ///< most distance of the bounds, as a share of the upper one
};

/// Throws a usage Error that names what can't be.
void check_search_goal(const SearchGoal& goal);

/// A trial to be done.
struct TrialInput {
  std::uint64_t load_per_s = 0;
  std::int64_t duration_ns = 0;

  bool operator==(const TrialInput&) const = default;
};

/// A trial that was done.
struct SearchTrial {
  TrialInput input;
  double loss_ratio = 0;  ///< from 0 to 1
  std::string invalid_reason =
      {};  ///< not empty: the load was not sent as requested, so it says nothing
  /// Of an invalid trial: the load that was sent in truth; 0 where that is not known.
  double sent_per_s = 0;
  std::int64_t spent_ns = 0;  ///< with all that belongs to it; 0: its duration

  [[nodiscard]] bool is_invalid() const noexcept { return !invalid_reason.empty(); }
};

}  // namespace tunrelay
