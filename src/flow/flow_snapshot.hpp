// SPDX-License-Identifier: MIT
// The flows of a relay as they stand at one moment, as plain data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/direction.hpp"
#include "base/tally.hpp"
#include "flow/flow_counters.hpp"
#include "flow/flow_key.hpp"

namespace tunrelay {

/// Packets of one direction that no flow in the table has.
struct FlowTallies {
  Tally read, written, dropped;

  FlowTallies& operator+=(const FlowTallies& other) noexcept {
    read += other.read;
    written += other.written;
    dropped += other.dropped;
    return *this;
  }
};

struct FlowReport {
  FlowKey key;
  FlowCounters counters;

  /// From the first packet to the last one.
  [[nodiscard]] std::int64_t duration_ns() const noexcept;
  /// Payload over that time: TCP's as far as its acknowledgement has come back to the sender,
  /// UDP's as it was written. 0 for a flow of one moment.
  [[nodiscard]] double goodput_bits_per_s(Direction direction) const noexcept;
};

struct FlowSnapshot {
  std::int64_t time_ns = 0;   ///< CLOCK_MONOTONIC
  std::uint64_t seen = 0;     ///< flows since the start
  std::uint64_t evicted = 0;  ///< of them, for lack of room: the least recently used
  std::uint64_t ended = 0;    ///< of them, whose ports a new connection has taken over
  std::size_t limit = 0;      ///< flows that there is room for
  std::size_t memory_bytes = 0;
  /// Of all flows in the table, so that with the next two, for each direction,
  /// flows + former + other is what the lanes have counted.
  std::array<FlowTallies, kDirections> flows;
  std::array<FlowTallies, kDirections> former;  ///< of flows that were evicted or have ended
  std::array<FlowTallies, kDirections> other;   ///< neither TCP nor UDP, fragments, path probes
  std::vector<FlowReport> top;                  ///< by bytes, the largest first
};

}  // namespace tunrelay
