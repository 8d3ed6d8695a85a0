// SPDX-License-Identifier: MIT
// A link whose rate is known, and a search driven to its end across it.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "analysis/rate_search.hpp"

namespace tunrelay::test {

/// What becomes of a trial.
using LinkBehaviour = std::function<SearchTrial(const TrialInput&)>;

/// Carries CAPACITY messages a second and drops the rest.
inline double loss_beyond(double capacity_per_s, const TrialInput& input) {
  return std::max(0.0, 1 - capacity_per_s / static_cast<double>(input.load_per_s));
}

inline LinkBehaviour link_of(double capacity_per_s) {
  return [capacity_per_s](const TrialInput& input) {
    return SearchTrial{.input = input, .loss_ratio = loss_beyond(capacity_per_s, input)};
  };
}

/// Runs the trials that the search requests until it requests no more.
inline RateSearch search_of(SearchPlan plan, const LinkBehaviour& path) {
  RateSearch search(std::move(plan));
  while (search.next()) search.record(path(*search.next()));
  return search;
}

}  // namespace tunrelay::test
