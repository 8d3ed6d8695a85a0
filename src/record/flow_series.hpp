// SPDX-License-Identifier: MIT
// What the largest flows of a relay do from one look to the next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "flow/flow_snapshot.hpp"
#include "record/record.hpp"

namespace tunrelay {

/// Used by one thread.
class FlowSeries {
 public:
  /// How many flows an interval has at most, and from how many, the largest so far, they are taken.
  static constexpr std::size_t kMaxFlows = 10;
  static constexpr std::size_t kMaxFollowed = 64;

  /// The flows that have done something since the last call, the largest first. SNAPSHOT has the
  /// kMaxFollowed largest. A flow that becomes one of them later is followed from then on; what it
  /// had before is in no interval.
  [[nodiscard]] std::vector<FlowInterval> next(const FlowSnapshot& snapshot);

 private:
  struct DirectionSums {
    Tally read, written, dropped;
    std::uint64_t retransmitted_segments = 0;
    std::uint64_t rtts = 0;
    std::uint64_t rtt_sum_ns = 0;
  };
  struct Sums {
    std::uint64_t first_ns = 0;  ///< differs from a later flow's with the same ports
    std::array<DirectionSums, kDirections> directions;
  };
  struct Hash {
    std::size_t operator()(const FlowKey& key) const noexcept { return key.hash(0); }
  };
  [[nodiscard]] static Sums sums_of(const FlowReport& flow);

  std::unordered_map<FlowKey, Sums, Hash> seen_;
  std::int64_t seen_ns_ = 0;  ///< when, CLOCK_MONOTONIC
};

}  // namespace tunrelay
