// SPDX-License-Identifier: MIT
// Latencies counted in HdrHistogram's layout (hdrhistogram.org): 1 ns to 100 s at three
// significant digits, so a value is reported to a thousandth of itself at any size. Recording is an
// index and an add; nothing is allocated after construction; histograms of threads add up.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.hpp"

namespace tunrelay {

/// One writer; others take a copy when the writer is at rest, or copy_while_recorded(). 28,672
/// counts: 224 KiB.
class Histogram {
 public:
  static constexpr std::int64_t kLowest = 1;
  static constexpr std::int64_t kHighest = 100 * kNanosecondsPerSecond;
  static constexpr int kSignificantDigits = 3;

  Histogram();

  /// A value below 0 counts as 0, one above kHighest as kHighest; outside() counts both.
  void record(std::int64_t value) noexcept { record(value, 1); }
  void record(std::int64_t value, std::uint64_t count) noexcept {
    if (value < 0 || value > kHighest) [[unlikely]]
      outside_ += count;
    // A plain add of one writer, which copy_while_recorded() may look at.
    std::uint64_t& slot = counts_[index_of(value)];
    __atomic_store_n(&slot, slot + count, __ATOMIC_RELAXED);
    total_ += count;
  }
  /// What was recorded so far, maybe without the last values; for any thread while one records.
  /// outside() of the copy is 0.
  [[nodiscard]] Histogram copy_while_recorded() const;
  Histogram& operator+=(const Histogram& other) noexcept;
  /// Without what an earlier copy of the same histogram has.
  Histogram& operator-=(const Histogram& earlier) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return total_; }
  /// How many were not within 0 to kHighest. An encoded histogram does not say.
  [[nodiscard]] std::uint64_t outside() const noexcept { return outside_; }
  /// The lowest and highest values that are equivalent to what was recorded, and the mean and the
  /// deviation of the middles of the slots, as HdrHistogram has them. All 0 when it is empty.
  [[nodiscard]] std::int64_t lowest() const noexcept;
  [[nodiscard]] std::int64_t highest() const noexcept;
  [[nodiscard]] double mean() const noexcept;
  [[nodiscard]] double standard_deviation() const noexcept;
  /// The value that PERCENTILE per cent (0 to 100) of those recorded do not exceed, at least one
  /// of them: the highest that is equivalent to it, for percentile 0 the lowest. This is
  /// getValueAtPercentile() of HdrHistogram 2.1.11, bit by bit. 0 when it is empty.
  [[nodiscard]] std::int64_t value_at_percentile(double percentile) const noexcept;
  /// Which of TOTAL values in ascending order that is, from 1.
  [[nodiscard]] static std::uint64_t rank_of(double percentile, std::uint64_t total) noexcept;
  /// How many are not above VALUE or equivalent to it.
  [[nodiscard]] std::uint64_t count_up_to(std::int64_t value) const noexcept;

  /// A slot with something in it: its values are lowest to highest, all alike to this histogram.
  struct Slot {
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::uint64_t count = 0;
    std::uint64_t count_so_far = 0;  ///< this slot's included
  };
  /// In ascending order.
  void for_each_slot(const std::function<void(const Slot&)>& visit) const;

  /// The layout, for the encoder: counts by index, the index of a value (of the nearest one within
  /// 0 to kHighest), and the values of an index. Values below 2048 have a slot each; from there on
  /// each doubling has 1024 slots, twice as wide as those before.
  [[nodiscard]] const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
  [[nodiscard]] static std::size_t index_of(std::int64_t value) noexcept {
    const auto inside = static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, kHighest));
    const auto doublings =
        static_cast<unsigned>(std::bit_width(inside | (2 * kHalf - 1))) - kHalfBits - 1;
    return (std::size_t{doublings} << kHalfBits) + (inside >> doublings);
  }
  [[nodiscard]] static std::int64_t lowest_at(std::size_t index) noexcept;
  [[nodiscard]] static std::int64_t highest_at(std::size_t index) noexcept;

  bool operator==(const Histogram& other) const noexcept { return counts_ == other.counts_; }

 private:
  /// HdrHistogram's "sub-bucket half count": 1000, so that a slot is at most a thousandth of its
  /// values wide, rounded up to a power of two.
  static constexpr unsigned kHalfBits = 10;
  static constexpr std::uint64_t kHalf = std::uint64_t{1} << kHalfBits;

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t outside_ = 0;
};

}  // namespace tunrelay
