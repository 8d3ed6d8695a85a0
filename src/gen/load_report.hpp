// SPDX-License-Identifier: MIT
// What one direction of a trial came to, as plain data; sums over threads with +=.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "gen/load_spec.hpp"
#include "metrics/histogram.hpp"
#include "metrics/sequence_tracker.hpp"

namespace tunrelay {

/// Of the sending end. Only messages behind the warm-up count.
struct SendReport {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;  ///< sends that the kernel refused; these are not in `messages`
  int last_errno = 0;        ///< of the failed sends
  bool stopped = false;      ///< before its time: a dead peer, a signal
  Histogram slip;            ///< how much later than intended each send began
  /// Of the last send: what a sender that can't keep up has gathered. One that was only held up now
  /// and then has caught up by then.
  std::int64_t last_slip_ns = 0;

  SendReport& operator+=(const SendReport& other) noexcept;
};

/// Of a receiving end. Only messages behind the warm-up count.
struct ReceiveReport {
  SequenceTotals sequence;  ///< received, lost, twice, out of order
  std::uint64_t bytes = 0;
  std::uint64_t corrupt = 0;         ///< payload not as sent; they count as received
  std::uint64_t unexpected = 0;      ///< not of this trial: not received
  std::uint64_t socket_dropped = 0;  ///< found no room in the socket's buffer
  /// What came within the trial's duration, from the first message on: the throughput.
  std::uint64_t window_messages = 0;
  std::uint64_t window_bytes = 0;
  std::int64_t window_ns = 0;
  Histogram delay;       ///< from the intended send: one way, or there and back for responses
  Histogram delay_back;  ///< of responses with room for it: from the echo's send
  double jitter_ns = 0;  ///< RFC 3550, the mean of the flows

  ReceiveReport& operator+=(const ReceiveReport& other) noexcept;
};

/// One direction: who sent, and who received.
struct DirectionReport {
  SendReport sent;
  ReceiveReport received;
  ReceiveReport responses;  ///< at the sender, where the pattern has them
};

struct TrialReport {
  LoadSpec spec;
  std::array<DirectionReport, 2> directions;  ///< forward, reverse
  bool one_clock = true;       ///< both ends read the same clock: one-way delays hold
  bool cut_short = false;      ///< by request, or since an end was gone
  bool still_coming = false;   ///< when the wait for the rest ended: what came later counts as lost
  std::string invalid_reason;  ///< not empty: the trial does not count, and why
  std::string congestion_control;

  /// Whether the spec has that direction.
  [[nodiscard]] bool has(std::size_t direction) const noexcept { return spec.has(direction); }
};

/// Fills in invalid_reason where a sender was late, could not send what was requested, or was
/// stopped.
void judge_trial(TrialReport& report);

/// Payload received, in bits a second.
[[nodiscard]] double throughput_bits_per_s(const ReceiveReport& report) noexcept;
[[nodiscard]] double messages_per_s(const ReceiveReport& report) noexcept;
/// Of those sent; 0 when none was.
[[nodiscard]] double loss_ratio(const DirectionReport& report) noexcept;

}  // namespace tunrelay
