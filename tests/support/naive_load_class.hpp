// SPDX-License-Identifier: MIT
// The classification of loads and the conditional throughput as RFC 9971 describes them in prose
// (section 6), step by step, in whole numbers: ratios are quarters, durations milliseconds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tunrelay::test {

struct NaiveGoal {
  std::int64_t final_ms = 0;
  std::int64_t sum_ms = 0;
  std::int64_t exceed_quarters = 0;  ///< 0 to 3
  std::int64_t loss_permille = 0;
};

struct NaiveTrial {
  std::int64_t duration_ms = 0;
  std::int64_t loss_permille = 0;
};

enum class NaiveClass { kUndecided, kLower, kUpper };

/// All sums are multiplied by what 1 - exceed ratio is in quarters, so that nothing is rounded.
inline NaiveClass naive_load_class(const NaiveGoal& goal, const std::vector<NaiveTrial>& trials) {
  const std::int64_t subceed_quarters = 4 - goal.exceed_quarters;
  std::int64_t full_high = 0;
  std::int64_t full_low = 0;
  std::int64_t short_high = 0;
  std::int64_t short_low = 0;
  for (const NaiveTrial& trial : trials) {
    const bool is_high = trial.loss_permille > goal.loss_permille;
    const bool is_short = trial.duration_ms < goal.final_ms;
    if (is_short && is_high) short_high += trial.duration_ms;
    if (is_short && !is_high) short_low += trial.duration_ms;
    if (!is_short && is_high) full_high += trial.duration_ms;
    if (!is_short && !is_high) full_low += trial.duration_ms;
  }
  const std::int64_t balancing_sum = short_low * goal.exceed_quarters;
  const std::int64_t excess_sum = short_high * subceed_quarters - balancing_sum;
  const std::int64_t positive_excess_sum = std::max<std::int64_t>(0, excess_sum);
  const std::int64_t effective_high = full_high * subceed_quarters + positive_excess_sum;
  const std::int64_t effective_full = effective_high + full_low * subceed_quarters;
  const std::int64_t effective_whole = std::max(effective_full, goal.sum_ms * subceed_quarters);
  const std::int64_t missing_sum = effective_whole - effective_full;
  const std::int64_t pessimistic_high = effective_high + missing_sum;
  // A ratio of the whole against the exceed ratio, without dividing.
  if (effective_high * 4 > effective_whole * goal.exceed_quarters) return NaiveClass::kUpper;
  if (pessimistic_high * 4 <= effective_whole * goal.exceed_quarters) return NaiveClass::kLower;
  return NaiveClass::kUndecided;
}

/// The loss of the trial that decides (appendix B), in thousandths: 1000 while trials are missing.
inline std::int64_t naive_deciding_loss_permille(const NaiveGoal& goal,
                                                 std::vector<NaiveTrial> trials) {
  std::sort(trials.begin(), trials.end(), [](const NaiveTrial& one, const NaiveTrial& other) {
    return one.loss_permille < other.loss_permille;
  });
  std::int64_t full_sum = 0;
  for (const NaiveTrial& trial : trials)
    if (trial.duration_ms >= goal.final_ms) full_sum += trial.duration_ms;
  std::int64_t remaining_quarters = std::max(full_sum, goal.sum_ms) * (4 - goal.exceed_quarters);
  std::int64_t loss_permille = 1000;
  for (const NaiveTrial& trial : trials) {
    if (trial.duration_ms < goal.final_ms) continue;
    if (remaining_quarters <= 0) break;
    loss_permille = trial.loss_permille;
    remaining_quarters -= 4 * trial.duration_ms;
  }
  return remaining_quarters > 0 ? 1000 : loss_permille;
}

}  // namespace tunrelay::test
