// SPDX-License-Identifier: MIT
#include "analysis/matching.hpp"

#include <algorithm>
#include <cstddef>

#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

/// Whether COMMON rounds are enough to stand for a side with ALL of them.
bool are_enough(std::size_t common, std::size_t all) {
  return common >= 2 && 2 * common >= all;
}

/// Empty when the control is not there often enough.
std::vector<double> ratios_to_control(const Metric& metric) {
  std::vector<double> ratios = paired_ratios(metric, kSubject, kControl);
  if (!are_enough(ratios.size(), medians_by_round(metric, kSubject).size())) ratios.clear();
  return ratios;
}

}  // namespace

std::string_view name_of(Basis basis) noexcept {
  switch (basis) {
    case Basis::kPairedRounds:
      return "paired rounds";
    case Basis::kRatioToControl:
      return "ratios to the control";
    case Basis::kSamples:
      break;
  }
  return "samples";
}

Matched match_paths(const Metric& metric, std::string_view base_path, std::string_view head_path) {
  const auto base = medians_by_round(metric, base_path);
  const auto head = medians_by_round(metric, head_path);
  Matched paired{.basis = Basis::kPairedRounds, .base = {}, .head = {}};
  for (const auto& [round, value] : base) {
    const auto beside = head.find(round);
    if (beside == head.end()) continue;
    paired.base.push_back(value);
    paired.head.push_back(beside->second);
  }
  if (are_enough(paired.base.size(), std::min(base.size(), head.size()))) return paired;
  return {.basis = Basis::kSamples,
          .base = valid_values(metric, base_path),
          .head = valid_values(metric, head_path)};
}

Matched match_results(const Metric& base, const Metric& head, bool use_control) {
  if (use_control) {
    Matched ratios{.basis = Basis::kRatioToControl,
                   .base = ratios_to_control(base),
                   .head = ratios_to_control(head)};
    if (!ratios.base.empty() && !ratios.head.empty()) return ratios;
  }
  return {.basis = Basis::kSamples,
          .base = valid_values(base, kSubject),
          .head = valid_values(head, kSubject)};
}

}  // namespace tunrelay
