// SPDX-License-Identifier: MIT
// What a host can see: how small a change may be and still be found there, computed from runs in
// which nothing changed (an A/A run: base and head are the same program; or one path alone).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/verdict.hpp"
#include "result/result.hpp"

namespace tunrelay {

struct NoiseOptions {
  std::size_t rounds = 0;  ///< that a comparison will take; 0: as many as were measured
  double power = 0.9;      ///< with which probability the change has to be found
  std::size_t resamples = 1000;
  std::uint64_t seed = 1;  ///< the same seed, the same answer
};

/// The least relative change, up or down, that a comparison of METRICS metrics in paired rounds
/// would call better or worse with probability `power`, if the noise is that of LOG_RATIOS: the
/// logarithms of head / base of rounds in which nothing changed, in the order of time.
///
/// By the bootstrap. The differences are centred on their median. Each resample consists of
/// circular blocks of them (Politis and Romano 1992), about the cube root of their number long,
/// which keeps neighbouring rounds together. In each resample the smallest change is computed that
/// would be found: one that moves the confidence interval at 1 - alpha / METRICS (the first step of
/// Holm's correction) off 0 and the estimate beyond min_effect. The result is the quantile of those
/// at `power`. Infinite when so few rounds find nothing at all. LOG_RATIOS must hold at least two.
[[nodiscard]] double smallest_visible_change(std::span<const double> log_ratios,
                                             std::size_t metrics, const JudgeOptions& judge,
                                             const NoiseOptions& noise = {});

/// The noise of one metric on this host.
struct NoiseFloor {
  std::string metric;
  std::size_t rounds = 0;     ///< pairs of samples that it was computed from
  double spread = 0;          ///< the standard deviation of head / base, robustly: 0.05 is 5 %
  double inflation = 1;       ///< how much rounds follow each other (analysis/significance.hpp)
  double visible_change = 0;  ///< smallest_visible_change()
};

/// Of each metric that has a better direction and, in at least two rounds, values over 0: of the
/// paths BASE_LINK and HEAD_LINK where both are there, else of the subject alone, whose rounds 0
/// and 1, 2 and 3, ... stand for base and head, in changing order.
[[nodiscard]] std::vector<NoiseFloor> noise_floors(const Result& result, const JudgeOptions& judge,
                                                   const NoiseOptions& noise = {});

}  // namespace tunrelay
