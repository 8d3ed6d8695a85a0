// SPDX-License-Identifier: MIT
// What is counted of one flow. A flow is seen at two points for each of its directions: where the
// relay reads its packets, at the sender's device, and where it writes them, at the receiver's.
// What the link does to it lies between the two.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/counter.hpp"
#include "base/direction.hpp"
#include "flow/rtt_series.hpp"
#include "flow/tcp_counters.hpp"

namespace tunrelay {

/// Packets of one direction at one point. A copy has each count untorn; one may be a packet ahead
/// of another.
struct PointCounters {
  TallyCounter tally;      ///< as the lane's own, metrics/lane_counters.hpp
  Counter payload_bytes;   ///< of TCP or UDP
  Counter ce_segments;     ///< wire segments with ECN's "congestion experienced"
  Counter last_ns;         ///< CLOCK_MONOTONIC; 0: none has come
  Counter longest_gap_ns;  ///< between two packets
};

struct FlowDirectionCounters {
  PointCounters read;  ///< from the sender's device
  PointCounters
      written;           ///< to the receiver's, as far as the relay knows: the kernel may refuse it
  TallyCounter dropped;  ///< between the two
  /// TCP: from a segment of this direction to its acknowledgement, one value an acknowledgement. At
  /// its sender's device that is the link, twice, and the receiver; at its receiver's device the
  /// receiver alone. QUIC: from edge to edge of this direction's spin bit, as read and as written:
  /// the whole way round (RFC 9312, section 3.8.2).
  RttSeries rtt_at_source, rtt_at_target;
  TcpCounters tcp;
};

struct FlowCounters {
  Counter first_ns;  ///< CLOCK_MONOTONIC
  /// Index of the direction of the first packet, or of the first SYN.
  Counter initiator;
  /// TCP: from the first segment to the third of the handshake, as read from the initiator's
  /// device. 0: not seen.
  Counter handshake_rtt_ns;
  Counter quic_version;  ///< 0: not seen to be QUIC
  std::array<FlowDirectionCounters, kDirections> directions;

  /// Frame bytes, both ways. Where a user's stage rewrites addresses a flow is read under one key
  /// and written under another, so each point counts.
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    std::uint64_t sum = 0;
    for (const FlowDirectionCounters& direction : directions)
      sum += std::max(direction.read.tally.get().bytes, direction.written.tally.get().bytes);
    return sum;
  }
};

}  // namespace tunrelay
