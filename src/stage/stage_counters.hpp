// SPDX-License-Identifier: MIT
// What one stage of an emulated link has done, counted by its thread and readable by any.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/counter.hpp"
#include "base/drops.hpp"
#include "metrics/shared_histogram.hpp"
#include "stage/stage_details.hpp"

namespace tunrelay {

/// Counts of one moment, as plain numbers; sums over a direction's instances with +=.
struct StageCounts {
  Tally taken;  ///< given to the stage
  Tally passed;
  Drops dropped;
  Tally queued;              ///< now
  std::uint64_t marked = 0;  ///< wire segments that left with a mark of this or an earlier stage
  StageDetails details;
  Histogram delay_ns;       ///< of a wire segment in this stage
  Histogram since_read_ns;  ///< from when the relay read a wire segment to when it left the stage
  Histogram late_ns;        ///< how late queued packets were released, by wake-up

  StageCounts& operator+=(const StageCounts& other) {
    taken += other.taken;
    passed += other.passed;
    dropped += other.dropped;
    queued += other.queued;
    marked += other.marked;
    details += other.details;
    delay_ns += other.delay_ns;
    since_read_ns += other.since_read_ns;
    late_ns += other.late_ns;
    return *this;
  }
};

/// The most of each quantity that was queued at one moment since it was last taken.
class QueuedPeak {
 public:
  /// The stage's thread.
  void note(const Tally& queued) noexcept {
    raise(packets_, queued.packets);
    raise(segments_, queued.segments);
    raise(bytes_, queued.bytes);
  }
  /// One other thread: the peak, which begins again at QUEUED, what is queued now. What is noted in
  /// that very moment may count to either side.
  Tally take(const Tally& queued) noexcept {
    return {packets_.exchange(queued.packets, std::memory_order_relaxed),
            segments_.exchange(queued.segments, std::memory_order_relaxed),
            bytes_.exchange(queued.bytes, std::memory_order_relaxed)};
  }

 private:
  static void raise(std::atomic<std::uint64_t>& peak, std::uint64_t value) noexcept {
    if (value > peak.load(std::memory_order_relaxed)) peak.store(value, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> segments_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

/// Written by the stage's thread alone.
struct StageCounters {
  TallyCounter taken;
  TallyCounter passed;
  DropCounters dropped;
  TallyCounter queued;
  QueuedPeak queued_peak;
  Counter marked;
  StageDetailCounters details;
  SharedHistogram delay_ns;
  SharedHistogram since_read_ns;
  SharedHistogram late_ns;

  [[nodiscard]] StageCounts snapshot() const {
    return {.taken = taken.get(),
            .passed = passed.get(),
            .dropped = dropped.get(),
            .queued = queued.get(),
            .marked = marked.get(),
            .details = details.get(),
            .delay_ns = delay_ns.snapshot(),
            .since_read_ns = since_read_ns.snapshot(),
            .late_ns = late_ns.snapshot()};
  }
};

}  // namespace tunrelay
