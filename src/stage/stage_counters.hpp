// SPDX-License-Identifier: MIT
// What one stage of an emulated link has done, counted by its thread and readable by any.
#pragma once

#include <cstdint>

#include "base/counter.hpp"
#include "metrics/shared_histogram.hpp"

namespace tunrelay {

/// Counts of one moment, as plain numbers; sums over a direction's instances with +=.
struct StageCounts {
  Tally taken;  ///< given to the stage
  Tally passed;
  Tally dropped;
  Tally queued;              ///< now
  std::uint64_t marked = 0;  ///< wire segments that left with a mark of this or an earlier stage
  Histogram since_read_ns;   ///< from when the relay read a wire segment to when it left the stage
  Histogram late_ns;         ///< how late queued packets were released, by wake-up

  StageCounts& operator+=(const StageCounts& other) {
    taken += other.taken;
    passed += other.passed;
    dropped += other.dropped;
    queued += other.queued;
    marked += other.marked;
    since_read_ns += other.since_read_ns;
    late_ns += other.late_ns;
    return *this;
  }
};

/// Written by the stage's thread alone.
struct StageCounters {
  TallyCounter taken;
  TallyCounter passed;
  TallyCounter dropped;
  TallyCounter queued;
  Counter marked;
  SharedHistogram since_read_ns;
  SharedHistogram late_ns;

  [[nodiscard]] StageCounts snapshot() const {
    return {.taken = taken.get(),
            .passed = passed.get(),
            .dropped = dropped.get(),
            .queued = queued.get(),
            .marked = marked.get(),
            .since_read_ns = since_read_ns.snapshot(),
            .late_ns = late_ns.snapshot()};
  }
};

}  // namespace tunrelay
