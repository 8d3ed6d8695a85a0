// SPDX-License-Identifier: MIT
// When a difference is called one. The rule, for each metric that has a better direction:
//
//   better, worse   the p-value, corrected for all metrics of the comparison, is below alpha, and
//                   the estimated change is at least min_effect in that direction
//   same            else, when the whole confidence interval lies within min_effect both ways
//   inconclusive    else
//
// So a change that is certain but less than min_effect is "same" once the interval shows that it
// can't be more; till then it is inconclusive. No case meets two of them: an estimate of at least
// min_effect has its interval reach out of the bounds. What is inconclusive at a comparison's end
// may be settled by a sharper metric (settle_by_witnesses() in analysis/compare.hpp).
//
// The three numbers guard against three mistakes. `alpha` is the probability that a comparison
// calls any of its metrics different when none is: 0.001, since many comparisons are made, and a
// false alarm costs somebody's day. What it takes, where ratios of neighbouring samples have a
// standard deviation of 5 % (tests/unit/analysis/verdict_rates_test.cpp): among six metrics a
// change of 5 % is found in nine of ten comparisons after some 60 rounds, one of 3 % after some
// 120. `confidence` is that of the interval behind "same" (each bound is missed with half of 1 -
// confidence; no correction is needed, as all metrics must be the same for the whole to be).
// `min_effect` is what a user would care for, and keeps a difference that is real but of no
// interest (code that came to lie elsewhere in memory) from being called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analysis/effect.hpp"
#include "base/error.hpp"
#include "result/result.hpp"

namespace tunrelay {

enum class Verdict : std::uint8_t { kBetter, kSame, kWorse, kInconclusive };

/// "better", "same", "worse", "inconclusive".
[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;

struct JudgeOptions {
  double alpha = 0.001;      ///< over 0, below 1
  double confidence = 0.95;  ///< over 0, below 1
  double min_effect = 0.02;  ///< 0 or more. 2 % more, or 1 / 1.02 = 1.96 % less
  bool use_control = true;   ///< of two results: ratios to the control where both have it
};

/// Options for each of LOOKS (1 or more) at one comparison while it grows, of which the first that
/// settles it ends it: who looks more often is deceived more often, so each look gets its share of
/// the mistakes that OPTIONS allow the whole (Bonferroni).
[[nodiscard]] JudgeOptions options_of_a_look(const JudgeOptions& options, std::uint32_t looks);

/// Throws a usage Error for a number outside its range.
void check_options(const JudgeOptions& options);

/// CORRECTED_P is effect.p after the correction. Nothing for a metric of Better::kNeither.
[[nodiscard]] std::optional<Verdict> decide(const Effect& effect, double corrected_p, Better better,
                                            const JudgeOptions& options);

/// Whether the whole confidence interval is less than min_effect from 0.
[[nodiscard]] bool lies_within_bounds(const Effect& effect, const JudgeOptions& options) noexcept;

/// Why decide() said so, and what could be done: one sentence without a full stop. METRICS is how
/// many were judged together.
[[nodiscard]] std::string explain(const Effect& effect, double corrected_p, Verdict verdict,
                                  std::size_t metrics, const JudgeOptions& options);

/// Worse when any is worse; else inconclusive when any is (a loss may hide there) or when there is
/// none at all; else better when any is better; else same.
[[nodiscard]] Verdict overall(std::span<const Verdict> verdicts) noexcept;

/// Whether more rounds could not change what the whole comes to.
[[nodiscard]] constexpr bool is_settled(Verdict overall) noexcept {
  return overall != Verdict::kInconclusive;
}

/// kRegression for worse, kInconclusive for inconclusive, else kDone.
[[nodiscard]] ExitCode exit_code_of(Verdict verdict) noexcept;

/// How many paired rounds it takes at least for a verdict of better or worse, when METRICS (1 or
/// more) are judged together: with fewer, not even rounds that all agree reach alpha.
[[nodiscard]] std::size_t fewest_rounds(std::size_t metrics, const JudgeOptions& options);

}  // namespace tunrelay
