// SPDX-License-Identifier: MIT
#include "analysis/bracket.hpp"

#include <algorithm>
#include <cmath>

namespace tunrelay {
namespace {

std::uint64_t step_up(double from, double step, double middle) {
  return static_cast<std::uint64_t>(std::floor(std::min(from + step, std::max(middle, from + 1))));
}

std::uint64_t step_down(double from, double step, double middle) {
  return static_cast<std::uint64_t>(std::ceil(std::max(from - step, std::min(middle, from - 1))));
}

}  // namespace

bool Bracket::is_narrow(double width) const noexcept {
  if (!lower_per_s || !upper_per_s) return false;
  const std::uint64_t distance = *upper_per_s - *lower_per_s;
  return distance <= 1 ||
         static_cast<double>(distance) <= width * static_cast<double>(*upper_per_s);
}

Bracket bracket_of(const SearchGoal& goal, const TrialsByLoad& trials) noexcept {
  Bracket bracket;
  for (const auto& [load_per_s, at_load] : trials) {
    const LoadClass load_class = classify_load(goal, at_load);
    if (load_class == LoadClass::kLowerBound) bracket.lower_per_s = load_per_s;
    if (load_class == LoadClass::kUpperBound) {
      bracket.upper_per_s = load_per_s;
      break;
    }
  }
  return bracket;
}

bool has_loss_inversion(const SearchGoal& goal, const TrialsByLoad& trials) noexcept {
  const Bracket bracket = bracket_of(goal, trials);
  if (!bracket.upper_per_s) return false;
  return std::any_of(trials.upper_bound(*bracket.upper_per_s), trials.end(), [&](const auto& one) {
    return classify_load(goal, one.second) == LoadClass::kLowerBound;
  });
}

std::optional<std::uint64_t> next_load(const Bracket& bracket, const LoadRange& range,
                                       double guess_per_s, double width) {
  // What can't be sent bounds the search as an upper bound does.
  Bracket edges = bracket;
  if (range.unsendable_per_s <= range.most_per_s)
    edges.upper_per_s =
        std::min(range.unsendable_per_s, edges.upper_per_s.value_or(range.unsendable_per_s));
  const std::uint64_t first = edges.lower_per_s ? *edges.lower_per_s + 1 : range.least_per_s;
  const std::uint64_t last = edges.upper_per_s ? *edges.upper_per_s - 1 : range.most_per_s;
  if (first > last || edges.is_narrow(width)) return std::nullopt;

  const auto low = static_cast<double>(edges.lower_per_s.value_or(range.least_per_s));
  const auto high = static_cast<double>(edges.upper_per_s.value_or(range.most_per_s));
  const double middle = std::sqrt(low * high);
  // Half the width below the guess, so that a step of one width leads across it.
  const double start = guess_per_s * (1 - width / 2);
  std::uint64_t load_per_s = 0;
  if (start >= static_cast<double>(first) && start < static_cast<double>(last) + 1)
    load_per_s = static_cast<std::uint64_t>(start);
  else if (start < static_cast<double>(first))
    load_per_s =
        edges.lower_per_s ? step_up(low, std::max(width * low, 2 * (low - start)), middle) : first;
  else
    load_per_s = edges.upper_per_s
                     ? step_down(high, std::max(width * high, 2 * (start - high)), middle)
                     : last;
  // The range's own ends are not bounds: they have to be tried to become ones.
  if (!edges.upper_per_s && high <= low * (1 + 2 * width)) load_per_s = last;
  if (!edges.lower_per_s && high <= low * (1 + 2 * width)) load_per_s = first;
  return std::clamp(load_per_s, first, last);
}

}  // namespace tunrelay
