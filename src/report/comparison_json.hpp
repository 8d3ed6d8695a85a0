// SPDX-License-Identifier: MIT
// A comparison, and what a host can see, as JSON for programs.
#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "analysis/noise.hpp"
#include "report/comparison.hpp"

namespace tunrelay {

/// {format: "tunrelay-comparison", version: 1, base, head, min_effect, confidence, verdict,
/// metrics:
/// [{metric, unit, base, head, change, low, high, p, verdict, reason}]}: `base` and `head` of a
/// metric are medians in its unit, `change` (0.05 is 5 % more) and its interval `low` to `high`
/// ratios; null for no number, and for the verdict of what is not judged.
[[nodiscard]] nlohmann::ordered_json comparison_json(const ComparisonReport& comparison);

/// {format: "tunrelay-noise", version: 1, metrics: [{metric, rounds, spread, visible_change}]},
/// ratios.
[[nodiscard]] nlohmann::ordered_json noise_json(std::span<const NoiseFloor> floors);

}  // namespace tunrelay
