// SPDX-License-Identifier: MIT
// What was recorded in a SharedHistogram from one look to the next, for time series.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "metrics/shared_histogram.hpp"

namespace tunrelay {

/// The delays, or other values, of one interval. Percentiles as of Histogram, to a thousandth.
struct ValueSummary {
  std::uint64_t count = 0;
  std::int64_t p50 = 0;
  std::int64_t p95 = 0;
  std::int64_t p99 = 0;
  std::int64_t highest = 0;

  bool operator==(const ValueSummary&) const = default;
};

/// What was recorded in an interval, as counts of slots; of several histograms together.
class IntervalValues {
 public:
  void clear() noexcept { slots_.clear(); }
  void add(std::size_t index, std::uint64_t count) { slots_.push_back({index, count}); }
  [[nodiscard]] ValueSummary summary();

 private:
  struct Slot {
    std::size_t index = 0;
    std::uint64_t count = 0;
  };
  std::vector<Slot> slots_;
};

/// Used by one thread, which is not the writer's.
class HistogramReader {
 public:
  /// SOURCE must outlive it.
  explicit HistogramReader(const SharedHistogram& source);
  /// Adds what was recorded since the last call, at first all. What is recorded meanwhile comes now
  /// or with the next one, never twice.
  void take(IntervalValues& values);

 private:
  const SharedHistogram* source_;
  std::vector<std::uint64_t> counts_;  ///< that were seen
  std::array<std::uint64_t, SharedHistogram::kBlocks> blocks_{};
};

}  // namespace tunrelay
