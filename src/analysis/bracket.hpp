// SPDX-License-Identifier: MIT
// The bounds between which a goal's rate lies, by all trials so far, and the load that narrows
// them down best.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "analysis/load_class.hpp"
#include "analysis/search_goal.hpp"

namespace tunrelay {

/// Trials that count, by load.
using TrialsByLoad = std::map<std::uint64_t, std::vector<SearchTrial>>;

/// The relevant bounds of RFC 9971 section 4.8: the smallest upper bound, and the largest lower
/// bound below it. A lower bound above an upper one is taken for luck.
struct Bracket {
  std::optional<std::uint64_t> lower_per_s;
  std::optional<std::uint64_t> upper_per_s;

  /// Both are there, and no further apart than WIDTH allows, or next to each other.
  [[nodiscard]] bool is_narrow(double width) const noexcept;
  /// Strictly between the bounds, where a trial can still change something.
  [[nodiscard]] bool is_inside(std::uint64_t load_per_s) const noexcept {
    return load_per_s > lower_per_s.value_or(0) && (!upper_per_s || load_per_s < *upper_per_s);
  }
};

[[nodiscard]] Bracket bracket_of(const SearchGoal& goal, const TrialsByLoad& trials) noexcept;
/// Whether some lower bound lies above an upper one: trials contradict each other.
[[nodiscard]] bool has_loss_inversion(const SearchGoal& goal, const TrialsByLoad& trials) noexcept;

/// Which loads may be requested.
struct LoadRange {
  std::uint64_t least_per_s = 1;
  std::uint64_t most_per_s = 0;
  /// From here on the sender can't; more than most_per_s: it always could so far.
  std::uint64_t unsendable_per_s = 0;
};

/// A load strictly inside BRACKET and within RANGE: first near GUESS_PER_S, from there in growing
/// steps towards the other bound, and halfway where those would go too far. None: the bracket is
/// narrow, or nothing is left to try on the side where a bound is missing.
[[nodiscard]] std::optional<std::uint64_t> next_load(const Bracket& bracket, const LoadRange& range,
                                                     double guess_per_s, double width);

}  // namespace tunrelay
