// SPDX-License-Identifier: MIT
// What is counted of the TCP segments that go in one direction of a flow: of what their sender does
// as they are read from its device, of what their receiver gets as they are written to its own.
// Segments are wire segments, whether they came alone or in a super-packet.
#pragma once

#include "base/counter.hpp"
#include "flow/rtt_series.hpp"

namespace tunrelay {

struct TcpCounters {
  // As read.

  Counter syns, fins, resets;
  Counter mss_bytes;       ///< that the sender of this direction announced; 0: it did not
  Counter window_scale;    ///< likewise, the shift and one; 0: none
  Counter sack_permitted;  ///< 0 or 1
  Counter ecn_requested;   ///< 0 or 1: its SYN or SYN-ACK has ECE (RFC 3168, section 6.1.1)
  Counter timestamps;      ///< 0 or 1: its SYN has the option
  /// Below the highest number that was read. A sender's stack sends in order, so each was sent
  /// before; whether it came to the relay then is another matter.
  Counter retransmitted_segments, retransmitted_bytes;
  /// Of these: all was acknowledged before, and that was written to the sender before.
  Counter spurious_segments;
  Counter keep_alives;  ///< RFC 9293, section 3.8.4: 0 or 1 byte just below the highest number
  /// No data, acknowledging what was acknowledged before while something is under way, with the
  /// window of the segment before (RFC 5681, section 2) or with SACK blocks (RFC 6675).
  Counter duplicate_acks;
  Counter sack_acks;   ///< with SACK blocks
  Counter dsack_acks;  ///< with one that reports data that had come twice (RFC 2883)
  Counter zero_windows;
  Counter ece_segments, cwr_segments;  ///< without those of the handshake

  // As written.

  /// Overtaken by later ones: below the highest number that was written, not written before, and
  /// not sent again lately.
  Counter out_of_order_segments;
  Counter duplicate_segments;  ///< all of it was written before
  /// Neither of the two, but late: there were more holes at once than are remembered, and nobody
  /// knows whether this was written before.
  Counter unclassified_segments;

  // Of this direction's data.

  Counter acknowledged_bytes;  ///< payload whose acknowledgement was written to its sender
  /// Read from its sender, and not acknowledged there: now, and at most.
  Counter bytes_in_flight, bytes_in_flight_peak;
  /// From a time stamp to its echo (RFC 7323), one at a time. Unlike the others it takes segments
  /// without data, and so may include the time until the other end has something to say.
  RttSummary timestamp_rtt_at_source, timestamp_rtt_at_target;
};

}  // namespace tunrelay
