// SPDX-License-Identifier: MIT
// What the trials at one load say about it: the classification of loads and the conditional
// throughput, as RFC 9971 (MLRsearch) has them in its appendices A and B.
#pragma once

#include <cstdint>
#include <span>

#include "analysis/search_goal.hpp"

namespace tunrelay {

enum class LoadClass : std::uint8_t {
  kUndecided,   ///< the trials that are missing may still turn it either way
  kLowerBound,  ///< whatever they bring, the goal is held
  kUpperBound,  ///< whatever they bring, it is not
};

/// TRIALS: all that were done at one load, none of them invalid. No trial at all: undecided.
[[nodiscard]] LoadClass classify_load(const SearchGoal& goal,
                                      std::span<const SearchTrial> trials) noexcept;

/// What to expect to arrive a second at a load that is a lower bound: the load less the loss of
/// the trial that is the worst within the share that must hold the goal. 0 as long as the trials
/// that are missing may be worse. TRIALS as in classify_load(), of the same load.
[[nodiscard]] double conditional_throughput_per_s(const SearchGoal& goal,
                                                  std::span<const SearchTrial> trials);

}  // namespace tunrelay
