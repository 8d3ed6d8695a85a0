// SPDX-License-Identifier: MIT
// Rounds of samples, a given number of them or until the medians are known well enough.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "suite/campaign.hpp"

namespace tunrelay {

/// `--confidence 95,2%`: known to within 2 % with a confidence of 95 %.
struct PrecisionGoal {
  double confidence = 0.95;
  double half_width = 0.02;  ///< of the interval, as a share of the median
};
/// Throws a usage Error.
[[nodiscard]] PrecisionGoal parse_precision_goal(std::string_view text);

struct RoundPlan {
  std::uint32_t rounds = 1;                ///< with a goal: so many at least
  std::optional<PrecisionGoal> precision;  ///< more rounds until it is reached
  /// With a goal it is the end; without, where it is not 0, rounds go on until then.
  std::int64_t time_limit_ns = 0;
};

/// A metric whose median a goal is about: what the suite is named for, not what explains it.
[[nodiscard]] bool is_headline(std::string_view metric) noexcept;

/// Whether the subject's headline medians are known as well as GOAL says; those that are not get a
/// note in RESULT when VERBOSE.
[[nodiscard]] bool reaches(const PrecisionGoal& goal, Result& result, bool verbose);

/// Takes the rounds. ON_PROGRESS is called after each load with the share of all that is done, 0 to
/// 1. Sets the result's `complete`; false when it was stopped.
bool run_rounds(Campaign& campaign, const std::vector<LoadCase>& loads, const RoundPlan& plan,
                const std::function<void(double done)>& on_progress);

}  // namespace tunrelay
