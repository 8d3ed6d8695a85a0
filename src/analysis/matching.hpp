// SPDX-License-Identifier: MIT
// Which samples of a metric stand against each other: rounds of the same run in pairs, or two
// samples of their own, as ratios to the control where that can be.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

enum class Basis : std::uint8_t {
  kPairedRounds,    ///< both sides were measured in the same rounds, interleaved
  kRatioToControl,  ///< each sample divided by the control of its round: the host's speed cancels
  kSamples,         ///< as they are: what the host did in the meantime counts as a change
};

/// "paired rounds", "ratios to the control", "samples".
[[nodiscard]] std::string_view name_of(Basis basis) noexcept;

struct Matched {
  Basis basis = Basis::kSamples;
  std::vector<double> base;  ///< in the order of rounds; empty when no sample counts
  std::vector<double> head;  ///< as many as `base` for kPairedRounds, and of the same rounds
};

/// Two paths of one run: paired when both have values in at least two common rounds, and these are
/// at least half of the rounds of the side that has fewer. Rounds of one side alone are left out.
[[nodiscard]] Matched match_paths(const Metric& metric, std::string_view base_path,
                                  std::string_view head_path);

/// The subjects of two runs, never paired: round 7 of one knows nothing of round 7 of the other.
/// Ratios to the control when USE_CONTROL and, in each run, at least half of the subject's rounds
/// (and two) have a control that is not 0.
[[nodiscard]] Matched match_results(const Metric& base, const Metric& head, bool use_control);

}  // namespace tunrelay
