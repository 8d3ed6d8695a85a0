// SPDX-License-Identifier: MIT
#include "flow/rtt_series.hpp"

#include <algorithm>

namespace tunrelay {

void RttSummary::record(std::int64_t rtt_ns, std::uint64_t times) noexcept {
  const auto rtt = static_cast<std::uint64_t>(rtt_ns);
  if (count.get() == 0 || rtt < lowest_ns.get()) lowest_ns.set(rtt);
  highest_ns.raise(rtt);
  sum_ns.add(rtt * times);
  count.add(times);
}

double RttSummary::mean_ns() const noexcept {
  const std::uint64_t values = count.get();
  return values == 0 ? 0 : static_cast<double>(sum_ns.get()) / static_cast<double>(values);
}

RttHistogram& RttHistogram::operator=(const RttHistogram& other) noexcept {
  if (this == &other) return *this;
  for (std::size_t slot = 0; slot < kSlots; ++slot)
    __atomic_store_n(&slots_[slot], __atomic_load_n(&other.slots_[slot], __ATOMIC_RELAXED),
                     __ATOMIC_RELAXED);
  return *this;
}

double RttHistogram::lowest_of(std::size_t slot) noexcept {
  std::uint64_t units = slot;
  if (slot >= 2 * kLinear) {
    const std::size_t doublings = (slot >> kLinearBits) - 1;
    units = (kLinear + slot % kLinear) << doublings;
  }
  return static_cast<double>(units << kUnitBits);
}

double RttHistogram::quantile_ns(double quantile) const noexcept {
  std::uint64_t total = 0;
  for (const std::uint32_t count : slots_) total += count;
  if (total == 0) return 0;
  const double rank = quantile * static_cast<double>(total);
  double below = 0;
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    const auto count = static_cast<double>(slots_[slot]);
    if (count == 0) continue;
    if (below + count >= rank) {
      const double lowest = lowest_of(slot);
      return lowest + (lowest_of(slot + 1) - lowest) * (rank - below) / count;
    }
    below += count;
  }
  return lowest_of(kSlots);
}

double RttSeries::quantile_ns(double quantile) const noexcept {
  const auto lowest = static_cast<double>(summary.lowest_ns.get());
  const auto highest = static_cast<double>(summary.highest_ns.get());
  return std::clamp(histogram.quantile_ns(quantile), lowest, std::max(lowest, highest));
}

}  // namespace tunrelay
