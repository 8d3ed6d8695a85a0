// SPDX-License-Identifier: MIT
#include "analysis/load_class.hpp"

#include <algorithm>
#include <vector>

namespace tunrelay {
namespace {

/// Durations are whole nanoseconds; products with a ratio are off by far less than this.
constexpr double kRoundingNs = 0.25;

/// Seconds of trials by their length and their loss, in nanoseconds.
struct DurationSums {
  double full_low = 0, full_high = 0;
  double short_low = 0, short_high = 0;
};

DurationSums sums_of(const SearchGoal& goal, std::span<const SearchTrial> trials) noexcept {
  DurationSums sums;
  for (const SearchTrial& trial : trials) {
    const bool full = trial.input.duration_ns >= goal.final_trial_ns;
    const bool high = trial.loss_ratio > goal.loss_ratio;
    double& sum =
        full ? (high ? sums.full_high : sums.full_low) : (high ? sums.short_high : sums.short_low);
    sum += static_cast<double>(trial.input.duration_ns);
  }
  return sums;
}

}  // namespace

LoadClass classify_load(const SearchGoal& goal, std::span<const SearchTrial> trials) noexcept {
  const DurationSums sums = sums_of(goal, trials);
  // Short trials can't show that a load holds the goal; bad ones are made up for by good ones in
  // the proportion in which final trials may be bad.
  const double balance = sums.short_low * goal.exceed_ratio / (1 - goal.exceed_ratio);
  const double high = sums.full_high + std::max(0.0, sums.short_high - balance);
  const double whole = std::max(high + sums.full_low, static_cast<double>(goal.duration_sum_ns));
  const double tolerated = whole * goal.exceed_ratio + kRoundingNs;
  if (whole - sums.full_low <= tolerated) return LoadClass::kLowerBound;
  return high <= tolerated ? LoadClass::kUndecided : LoadClass::kUpperBound;
}

double conditional_throughput_per_s(const SearchGoal& goal, std::span<const SearchTrial> trials) {
  std::vector<const SearchTrial*> full;
  double whole = 0;
  for (const SearchTrial& trial : trials) {
    if (trial.input.duration_ns < goal.final_trial_ns) continue;
    full.push_back(&trial);
    whole += static_cast<double>(trial.input.duration_ns);
  }
  std::sort(full.begin(), full.end(), [](const SearchTrial* one, const SearchTrial* other) {
    return one->loss_ratio < other->loss_ratio;
  });
  whole = std::max(whole, static_cast<double>(goal.duration_sum_ns));
  double missing = whole * (1 - goal.exceed_ratio) - kRoundingNs;
  for (const SearchTrial* trial : full) {
    missing -= static_cast<double>(trial->input.duration_ns);
    if (missing <= 0) return static_cast<double>(trial->input.load_per_s) * (1 - trial->loss_ratio);
  }
  return 0;
}

}  // namespace tunrelay
