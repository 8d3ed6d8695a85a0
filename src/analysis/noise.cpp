// SPDX-License-Identifier: MIT
#include "analysis/noise.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "analysis/hodges_lehmann.hpp"
#include "analysis/matching.hpp"
#include "analysis/quantiles.hpp"
#include "analysis/significance.hpp"
#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// Draws COUNT values from ALL, in circular blocks.
std::vector<double> resample(std::span<const double> all, std::size_t count,
                             std::mt19937_64& random) {
  const auto block = static_cast<std::size_t>(std::cbrt(static_cast<double>(all.size())));
  std::uniform_int_distribution<std::size_t> start(0, all.size() - 1);
  std::vector<double> drawn;
  while (drawn.size() < count) {
    const std::size_t first = start(random);
    for (std::size_t i = 0; i < block && drawn.size() < count; ++i)
      drawn.push_back(all[(first + i) % all.size()]);
  }
  return drawn;
}

std::vector<double> log_ratios_of(const Matched& matched) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < matched.base.size(); ++i)
    if (matched.base[i] > 0 && matched.head[i] > 0)
      ratios.push_back(std::log(matched.head[i] / matched.base[i]));
  return ratios;
}

/// Neighbouring rounds as pairs; every other pair the other way round, as interleaved runs do it.
Matched match_neighbours(const Metric& metric) {
  Matched pairs{.basis = Basis::kPairedRounds, .base = {}, .head = {}};
  const std::vector<double> values = valid_values(metric, kSubject);
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    const bool swapped = i % 4 == 2;
    pairs.base.push_back(values[swapped ? i + 1 : i]);
    pairs.head.push_back(values[swapped ? i : i + 1]);
  }
  return pairs;
}

std::vector<double> noise_of(const Metric& metric) {
  const Matched paths = match_paths(metric, kBase, kHead);
  if (paths.basis == Basis::kPairedRounds) return log_ratios_of(paths);
  return log_ratios_of(match_neighbours(metric));
}

}  // namespace

double smallest_visible_change(std::span<const double> log_ratios, std::size_t metrics,
                               const JudgeOptions& judge, const NoiseOptions& noise) {
  ensure(log_ratios.size() >= 2 && metrics > 0, "there are differences to compute the noise from");
  const double middle = one_sample_shift(log_ratios, judge.alpha).estimate;
  std::vector<double> centred(log_ratios.begin(), log_ratios.end());
  for (double& value : centred) value -= middle;
  const std::size_t rounds = noise.rounds > 0 ? noise.rounds : log_ratios.size();
  const double least = std::log1p(judge.min_effect);
  std::mt19937_64 random(noise.seed);
  std::vector<double> up;
  std::vector<double> down;
  for (std::size_t i = 0; i < noise.resamples; ++i) {
    const std::vector<double> drawn = resample(centred, rounds, random);
    const double alpha =
        undiscounted_p(judge.alpha / static_cast<double>(metrics), variance_inflation(drawn));
    const Shift shift = one_sample_shift(drawn, alpha);
    up.push_back(std::max(-shift.low, least - shift.estimate));
    down.push_back(std::max(shift.high, least + shift.estimate));
  }
  // An infinite value among the greatest is not a number between which to interpolate.
  const auto at_power = [&noise](std::vector<double>& changes) {
    const double place = noise.power * static_cast<double>(changes.size() - 1);
    const auto at = changes.begin() + static_cast<std::ptrdiff_t>(std::ceil(place));
    std::nth_element(changes.begin(), at, changes.end());
    return *at;
  };
  return std::expm1(std::max(at_power(up), at_power(down)));
}

std::vector<NoiseFloor> noise_floors(const Result& result, const JudgeOptions& judge,
                                     const NoiseOptions& noise) {
  std::vector<NoiseFloor> floors;
  std::vector<std::vector<double>> all;
  for (const Metric& metric : result.metrics) {
    if (metric.better == Better::kNeither) continue;
    std::vector<double> log_ratios = noise_of(metric);
    if (log_ratios.size() < 2) continue;
    floors.push_back({.metric = metric.name,
                      .rounds = log_ratios.size(),
                      .spread = std::expm1(robust_spread(log_ratios)),
                      .inflation = variance_inflation(log_ratios)});
    all.push_back(std::move(log_ratios));
  }
  for (std::size_t i = 0; i < floors.size(); ++i)
    floors[i].visible_change = smallest_visible_change(all[i], all.size(), judge, noise);
  return floors;
}

}  // namespace tunrelay
