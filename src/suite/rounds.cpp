// SPDX-License-Identifier: MIT
#include "suite/rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/precision.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

/// Who looks after every round and stops at the first good look is right less often than the
/// confidence says (analysis/precision.hpp): the looks are this far apart.
constexpr std::uint32_t kRoundsALook = 5;

}  // namespace

PrecisionGoal parse_precision_goal(std::string_view text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  PrecisionGoal goal;
  goal.confidence = parse_percent(text.substr(0, comma));
  if (comma != text.size()) goal.half_width = parse_percent(text.substr(comma + 1));
  if (!(goal.confidence > 0 && goal.confidence < 1 && goal.half_width > 0 && goal.half_width < 1))
    throw_usage_error("read", "'" + std::string(text) + "'", "it is not a confidence and a width",
                      "write 95,2% to have each median known to 2 % at 95 % confidence");
  return goal;
}

bool is_headline(std::string_view metric) noexcept {
  constexpr std::string_view kEndings[] = {"throughput", "messages", "round_trip_p50"};
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [metric](std::string_view ending) { return metric.ends_with(ending); });
}

bool reaches(const PrecisionGoal& goal, Result& result, bool verbose) {
  bool all = true;
  for (const Metric& metric : result.metrics) {
    if (!is_headline(metric.name)) continue;
    const std::vector<double> values = valid_values(metric, kSubject);
    const double width = values.empty()
                             ? std::numeric_limits<double>::infinity()
                             : precision_of_median(values, goal.confidence).relative_half_width();
    if (width <= goal.half_width) continue;
    all = false;
    if (!verbose) break;
    const std::string known =
        std::isfinite(width) ? fmt::format("is known to {:.1f} %", 100 * width) : "is not known";
    result.notes.push_back(fmt::format("{} {} at {:g} % confidence after {} samples, not to {:g} %",
                                       metric.name, known, 100 * goal.confidence, values.size(),
                                       100 * goal.half_width));
  }
  return all;
}

bool run_rounds(Campaign& campaign, const std::vector<LoadCase>& loads, const RoundPlan& plan,
                const std::function<void(double done)>& on_progress) {
  const double limit_s =
      static_cast<double>(plan.time_limit_ns) / static_cast<double>(kNanosecondsPerSecond);
  const bool by_time = plan.time_limit_ns != 0;
  Result& result = campaign.result();
  for (std::uint32_t round = 0;;) {
    for (std::size_t load = 0; load < loads.size(); ++load) {
      if (!campaign.run_round({loads[load]}, round)) return false;
      const double rounds =
          round + static_cast<double>(load + 1) / static_cast<double>(loads.size());
      on_progress(by_time ? campaign.elapsed_s() / limit_s : rounds / plan.rounds);
    }
    ++round;
    const bool enough = round >= plan.rounds;
    bool over = by_time ? campaign.elapsed_s() >= limit_s : enough;
    if (plan.precision && enough && round % kRoundsALook == 0)
      over = over || reaches(*plan.precision, result, false);
    if (!over) continue;
    if (plan.precision) static_cast<void>(reaches(*plan.precision, result, true));
    return result.complete = true;
  }
}

}  // namespace tunrelay
