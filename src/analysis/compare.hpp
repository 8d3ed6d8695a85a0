// SPDX-License-Identifier: MIT
// The comparison of two programs, metric by metric, with a verdict on each and on the whole:
// of two paths that one run measured in interleaved rounds, or of the subjects of two runs.
// Pure: whether two results may be compared at all is decided by analysis/comparability.hpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/effect.hpp"
#include "analysis/matching.hpp"
#include "analysis/verdict.hpp"
#include "result/result.hpp"

namespace tunrelay {

struct MetricComparison {
  std::string metric;
  std::string unit;
  Better better = Better::kHigher;
  Basis basis = Basis::kSamples;
  /// Of the samples that count, in the metric's unit, whatever the basis; nothing where none
  /// counts.
  std::optional<double> base_median;
  std::optional<double> head_median;
  /// Nothing when a side has no sample that counts.
  std::optional<Effect> effect;
  double corrected_p = 1;  ///< effect->p after Holm's correction over all metrics with a direction
  /// How the control changed between two runs that both have it: the host's own part.
  std::optional<Effect> control;
  /// Nothing when the metric has no better direction, or is new in head.
  std::optional<Verdict> verdict;
  std::string reason;  ///< of the verdict, or why there is none: a sentence without a full stop
};

struct Comparison {
  std::vector<MetricComparison> metrics;  ///< in the order of base, then those that are new in head
  Verdict verdict = Verdict::kInconclusive;  ///< of the whole, by overall()
  JudgeOptions options;
};

/// Noise that hides whether METRIC has changed may spare BY, in which a change of METRIC would
/// show.
struct Witness {
  std::string_view metric;
  std::string_view by;
};

/// For a comparison that gets no more samples. A metric that is inconclusive becomes "same" where
/// its witness is, and where it shows no change itself: its interval has 0 in it and ends within
/// twice min_effect both ways.
void settle_by_witnesses(Comparison& comparison, std::span<const Witness> witnesses);

/// The subjects of two runs. A metric of base that has no sample in head that counts, or another
/// unit or direction, is inconclusive: what is not measured any more must not pass unseen.
[[nodiscard]] Comparison compare_results(const Result& base, const Result& head,
                                         const JudgeOptions& options = {});

/// Two paths of one run. Metrics that have no samples of either path are left out.
[[nodiscard]] Comparison compare_paths(const Result& result, const JudgeOptions& options = {},
                                       std::string_view base_path = kBase,
                                       std::string_view head_path = kHead);

}  // namespace tunrelay
