// SPDX-License-Identifier: MIT
// What happens in one TCP connection, from the headers that pass at both devices. A relay between
// two devices sees each segment twice: as it is read from its sender, and, if the link lets it
// through, as it is written to its receiver. Each device is a point of view of its own, like a
// capture there.
//
// It works in constant time and memory: one step a run of wire segments, but for those that were
// sent again or overtaken, which are looked at one by one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/direction.hpp"
#include "flow/flow_counters.hpp"
#include "flow/rtt_sampler.hpp"
#include "flow/sequence_ranges.hpp"
#include "flow/tcp_run.hpp"

namespace tunrelay {

class TcpAnalysis {
 public:
  /// RUN was read from the device of its sender, or written to that of its receiver. DIRECTION is
  /// that of the run, COUNTERS those of the whole flow.
  void arrived(const TcpRun& run, Direction direction, std::int64_t now_ns,
               FlowCounters& counters) noexcept;
  void left(const TcpRun& run, Direction direction, std::int64_t now_ns,
            FlowCounters& counters) noexcept;

  /// Whether RUN, which is to arrive, begins another connection between the same ports.
  [[nodiscard]] bool is_of_next_connection(const TcpRun& run, Direction direction) const noexcept;

 private:
  /// One time stamp at a time that waits for its echo.
  struct TimestampProbe {
    std::optional<std::uint32_t> newest;
    std::uint32_t waiting = 0;
    bool waits = false;
    std::int64_t sent_ns = 0;

    void sent(const TcpRun& run, std::int64_t now_ns) noexcept;
    void echoed(const TcpRun& run, std::int64_t now_ns, RttSummary& summary) noexcept;
  };
  /// One direction's data, and what comes back for it, as seen at one device.
  struct View {
    bool has_data = false;  ///< `next` holds
    bool has_ack = false;   ///< `acknowledged` holds
    /// The last acknowledgement reported a hole: it, or the next one, was held up by that.
    bool has_hole = false;
    std::uint32_t next = 0;          ///< the highest number so far and one
    std::uint32_t acknowledged = 0;  ///< the highest
    std::uint32_t unsampled_acks = 0;
    RttSampler sampler;
    TimestampProbe timestamps;

    /// What comes is the first data, if none has come yet: it begins at SEQUENCE.
    void begin_at(std::uint32_t sequence) noexcept;
  };
  /// What one end sends.
  struct Half {
    View at_source, at_target;
    bool has_syn = false, has_fin = false;
    std::uint32_t syn_sequence = 0;
    std::uint32_t fin_sequence = 0;
    std::uint16_t window = 0;  ///< of the last segment read
    SentAgainRanges sent_again;
    MissingRanges missing;  ///< at the target
  };

  void take_syn(const TcpRun& run, Direction direction, std::int64_t now_ns,
                FlowCounters& counters) noexcept;
  static void count_flags(const TcpRun& run, TcpCounters& counters) noexcept;
  static void take_data_at_source(const TcpRun& run, std::int64_t now_ns, Half& half,
                                  TcpCounters& counters) noexcept;
  static void take_data_at_target(const TcpRun& run, std::int64_t now_ns, Half& half,
                                  TcpCounters& counters) noexcept;
  static void take_late_at_target(const TcpRun& run, Half& half, TcpCounters& counters) noexcept;
  /// Returns how far the acknowledgement went on, in sequence numbers.
  static std::uint32_t take_ack(const TcpRun& run, std::int64_t now_ns, View& view,
                                RttSeries& series) noexcept;
  static bool is_duplicate_ack(const TcpRun& run, const View& view, std::uint16_t window) noexcept;

  std::array<Half, kDirections> halves_;
  std::int64_t syn_ns_ = 0;        ///< when the newest SYN of the initiator was read; 0: none
  bool has_syn_ack_left_ = false;  ///< to the initiator
};

}  // namespace tunrelay
