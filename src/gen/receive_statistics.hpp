// SPDX-License-Identifier: MIT
// Takes messages in: whether they are of this trial, in which order, how late, and whether every
// byte is as it was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/counter.hpp"
#include "gen/live_counts.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "gen/message.hpp"
#include "metrics/interarrival_jitter.hpp"
#include "metrics/sequence_tracker.hpp"

namespace tunrelay {

/// Of one receiving thread. Nothing is allocated after construction.
class ReceiveStatistics {
 public:
  /// SPEC and PATTERN must outlive it. RESPONSES: received messages answer our own.
  ReceiveStatistics(const LoadSpec& spec, const PayloadPattern& pattern, std::uint16_t trial,
                    std::size_t thread, bool responses);

  /// A message that has come whole: SIZE_BYTES with its head, the payload INTACT or not.
  /// REFLECTED_NS: of a response that has it, else 0. False: not of this trial or thread.
  bool take(const MessageHeader& header, std::uint32_t size_bytes, bool intact,
            std::int64_t reflected_ns, std::int64_t now_ns) noexcept;
  bool take_datagram(std::span<const std::byte> datagram, std::int64_t now_ns) noexcept;
  void count_socket_drops(std::uint64_t drops) noexcept { socket_dropped_.add(drops); }

  [[nodiscard]] const LiveCounts& live() const noexcept { return live_; }
  /// What has come so far; any thread: one count may be a message ahead of another. What was lost
  /// is known by who knows what was sent.
  [[nodiscard]] ReceiveReport report() const;

 private:
  const LoadSpec& spec_;
  const PayloadPattern& pattern_;
  std::uint16_t trial_;
  std::size_t thread_;
  bool responses_;
  std::vector<SequenceTracker> trackers_;  ///< by the flow's index in the thread
  std::vector<InterarrivalJitter> jitters_;
  std::vector<std::uint64_t> last_sequences_;  ///< by flow, unwrapped
  // As ReceiveReport has them.
  Counter bytes_, corrupt_, unexpected_, socket_dropped_, window_messages_, window_bytes_;
  Histogram delay_, delay_back_;
  Counter window_begin_ns_;  ///< 0: nothing that counts has come
  Counter last_ns_;
  LiveCounts live_;
};

}  // namespace tunrelay
