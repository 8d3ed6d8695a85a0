// SPDX-License-Identifier: MIT
#include "report/comparison_json.hpp"

#include <nlohmann/json.hpp>

#include "result/result_json.hpp"

namespace tunrelay {

using nlohmann::ordered_json;

ordered_json comparison_json(const ComparisonReport& comparison) {
  ordered_json metrics = ordered_json::array();
  for (const ComparisonRow& row : comparison.rows)
    metrics.push_back(
        {{"metric", row.metric},
         {"unit", row.unit},
         {"base", json_number(row.base)},
         {"head", json_number(row.head)},
         {"change", json_number(row.ratio - 1)},
         {"low", json_number(row.ci_low - 1)},
         {"high", json_number(row.ci_high - 1)},
         {"p", json_number(row.p)},
         {"verdict", row.verdict.empty() ? ordered_json() : ordered_json(row.verdict)},
         {"reason", row.reason}});
  return {{"format", "tunrelay-comparison"},     {"version", 1},
          {"base", comparison.base_name},        {"head", comparison.head_name},
          {"min_effect", comparison.min_effect}, {"confidence", comparison.confidence},
          {"verdict", comparison.verdict},       {"metrics", std::move(metrics)}};
}

ordered_json noise_json(std::span<const NoiseFloor> floors) {
  ordered_json metrics = ordered_json::array();
  for (const NoiseFloor& floor : floors)
    metrics.push_back({{"metric", floor.metric},
                       {"rounds", floor.rounds},
                       {"spread", json_number(floor.spread)},
                       {"visible_change", json_number(floor.visible_change)}});
  return {{"format", "tunrelay-noise"}, {"version", 1}, {"metrics", std::move(metrics)}};
}

}  // namespace tunrelay
