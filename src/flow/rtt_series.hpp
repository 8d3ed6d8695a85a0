// SPDX-License-Identifier: MIT
// The round-trip times of one flow: count, mean, extremes, and a histogram small enough for
// thousands of flows.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/counter.hpp"

namespace tunrelay {

/// Sum and extremes alone. One writer, any number of readers; a copy has each number untorn.
struct RttSummary {
  Counter count;
  Counter sum_ns;
  Counter lowest_ns;
  Counter highest_ns;

  /// COUNT times; RTT_NS is not negative.
  void record(std::int64_t rtt_ns, std::uint64_t count) noexcept;
  [[nodiscard]] double mean_ns() const noexcept;
};

/// 1 KiB. Below 64 us a slot is 4 us wide, above a sixteenth to a thirty-second of its values, up
/// to 2 s; quantiles are interpolated within a slot.
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): a move is a copy
class RttHistogram {
 public:
  RttHistogram() = default;
  RttHistogram(const RttHistogram& other) noexcept { *this = other; }
  RttHistogram& operator=(const RttHistogram& other) noexcept;

  void record(std::int64_t rtt_ns, std::uint64_t count) noexcept {
    std::uint32_t& slot = slots_[slot_of(rtt_ns)];
    __atomic_store_n(&slot, slot + static_cast<std::uint32_t>(count), __ATOMIC_RELAXED);
  }
  /// QUANTILE: 0 to 1. 0 when it is empty.
  [[nodiscard]] double quantile_ns(double quantile) const noexcept;

 private:
  static constexpr unsigned kUnitBits = 12;   ///< 4,096 ns
  static constexpr unsigned kLinearBits = 4;  ///< slots of a unit each, and then of each doubling
  static constexpr std::uint64_t kLinear = std::uint64_t{1} << kLinearBits;
  static constexpr std::size_t kSlots = 256;

  [[nodiscard]] static std::size_t slot_of(std::int64_t rtt_ns) noexcept {
    const std::uint64_t units = static_cast<std::uint64_t>(rtt_ns) >> kUnitBits;
    if (units < kLinear) return units;
    const auto doublings = static_cast<unsigned>(std::bit_width(units)) - kLinearBits - 1;
    const std::size_t slot = (std::size_t{doublings} << kLinearBits) + (units >> doublings);
    return slot < kSlots ? slot : kSlots - 1;
  }
  [[nodiscard]] static double lowest_of(std::size_t slot) noexcept;

  std::array<std::uint32_t, kSlots> slots_{};
};

struct RttSeries {
  RttSummary summary;
  RttHistogram histogram;

  void record(std::int64_t rtt_ns, std::uint64_t count) noexcept {
    summary.record(rtt_ns, count);
    histogram.record(rtt_ns, count);
  }
  /// Within the extremes. 0 when it is empty.
  [[nodiscard]] double quantile_ns(double quantile) const noexcept;
};

}  // namespace tunrelay
