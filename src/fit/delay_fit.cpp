// SPDX-License-Identifier: MIT
#include "fit/delay_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/ensure.hpp"
#include "stage/jitter.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kTableEntries = 4096;

}  // namespace

DelayFit fit_delay(std::vector<std::int64_t> delays_ns) {
  ensure(!delays_ns.empty(), "a delay is fitted to delays");
  std::sort(delays_ns.begin(), delays_ns.end());
  double sum = 0;
  for (const std::int64_t delay : delays_ns) sum += static_cast<double>(delay);
  const double mean = sum / static_cast<double>(delays_ns.size());
  double squares = 0;
  for (const std::int64_t delay : delays_ns)
    squares += (static_cast<double>(delay) - mean) * (static_cast<double>(delay) - mean);
  DelayFit fit;
  fit.config.delay_ns = std::llround(mean);
  const auto percentile = [&](std::size_t percent) {
    return delays_ns[percent * (delays_ns.size() - 1) / 100];
  };
  fit.p5_ns = percentile(5);
  fit.p50_ns = percentile(50);
  fit.p95_ns = percentile(95);
  constexpr double kMaxSteps = std::numeric_limits<std::int16_t>::max();
  const double farthest = std::max(mean - static_cast<double>(delays_ns.front()),
                                   static_cast<double>(delays_ns.back()) - mean);
  // The farthest value still fits 16 bits.
  const double jitter_ns = std::max(std::sqrt(squares / static_cast<double>(delays_ns.size())),
                                    farthest * kJitterScale / kMaxSteps);
  fit.config.jitter_ns = std::llround(std::ceil(jitter_ns));
  if (fit.config.jitter_ns == 0) return fit;
  fit.config.shape = JitterShape::kTable;
  fit.config.keep_order = true;
  for (std::size_t entry = 0; entry < kTableEntries; ++entry) {
    const std::size_t at = (2 * entry + 1) * delays_ns.size() / (2 * kTableEntries);
    const double steps = (static_cast<double>(delays_ns[at]) - mean) * kJitterScale /
                         static_cast<double>(fit.config.jitter_ns);
    fit.config.table.push_back(
        static_cast<std::int16_t>(std::clamp(std::nearbyint(steps), -kMaxSteps, kMaxSteps)));
  }
  // Of the quantiles that the table has, the farthest from its place in what was measured.
  for (std::size_t entry = 0; entry < kTableEntries; ++entry) {
    const double value = mean + static_cast<double>(fit.config.table[entry]) *
                                    static_cast<double>(fit.config.jitter_ns) / kJitterScale;
    const double half_step = 0.5 * static_cast<double>(fit.config.jitter_ns) / kJitterScale + 1;
    const auto below = std::lower_bound(delays_ns.begin(), delays_ns.end(), value - half_step);
    const auto behind = std::upper_bound(delays_ns.begin(), delays_ns.end(), value + half_step);
    const auto share = [&](auto place) {
      return static_cast<double>(place - delays_ns.begin()) / static_cast<double>(delays_ns.size());
    };
    const double place = (static_cast<double>(entry) + 0.5) / kTableEntries;
    fit.distance = std::max({fit.distance, share(below) - place, place - share(behind)});
  }
  return fit;
}

}  // namespace tunrelay
