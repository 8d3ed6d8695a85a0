// SPDX-License-Identifier: MIT
#include "analysis/search_goal.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace tunrelay {

void check_search_goal(const SearchGoal& goal) {
  const auto refuse = [&](const std::string& answer, const std::string& hint) {
    throw_usage_error("search", "the goal '" + goal.name + "'", answer, hint);
  };
  // Written so that what is not a number fails too.
  if (!(goal.loss_ratio >= 0 && goal.loss_ratio < 1))
    refuse(fmt::format("a loss ratio of {} is not from 0 to below 1", goal.loss_ratio),
           "choose another");
  if (!(goal.exceed_ratio >= 0 && goal.exceed_ratio < 1))
    refuse(fmt::format("an exceed ratio of {} is not from 0 to below 1", goal.exceed_ratio),
           "choose another; 0.5 is usual");
  if (!(goal.width > 0 && goal.width < 1))
    refuse(fmt::format("a width of {} is not between 0 and 1", goal.width),
           "choose another; 0.005 is usual");
  if (goal.initial_trial_ns <= 0 || goal.initial_trial_ns > goal.final_trial_ns)
    refuse("its first trials have to last more than nothing and at most as long as the final ones",
           "choose another duration");
  if (goal.duration_sum_ns < goal.final_trial_ns)
    refuse("the sum of durations is less than that of one final trial", "choose a larger sum");
}

}  // namespace tunrelay
