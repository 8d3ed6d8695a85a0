// SPDX-License-Identifier: MIT
// A sending thread's loop: message after message by the schedule, or as fast as they go.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/counter.hpp"
#include "gen/live_counts.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "gen/socket_sender.hpp"

namespace tunrelay {

/// What one of the threads sends: the flows whose number leaves THREAD when divided by the
/// number of threads.
struct SenderShare {
  std::uint16_t trial = 0;
  std::size_t thread = 0;
  std::int64_t begin_ns = 0;  ///< of the trial, warm-up included; CLOCK_MONOTONIC
};

class Sender {
 public:
  /// SPEC, SOCKET_SENDER and STOP must outlive it.
  Sender(const LoadSpec& spec, const SenderShare& share, SocketSender& socket_sender,
         const std::atomic<bool>& stop);

  /// Until the schedule's end, the count's end, a peer that is gone, or STOP. Neither throws nor
  /// allocates.
  void run() noexcept;

  [[nodiscard]] const LiveCounts& live() const noexcept { return live_; }
  /// What has gone so far; any thread: one count may be a message ahead of another.
  [[nodiscard]] SendReport report() const;

 private:
  [[nodiscard]] std::uint64_t own_count() const noexcept;
  bool send_one(std::uint64_t number, std::int64_t intended_ns, std::int64_t now_ns) noexcept;

  const LoadSpec& spec_;
  SenderShare share_;
  SocketSender& socket_sender_;
  const std::atomic<bool>& stop_;
  std::int64_t count_from_ns_;  ///< messages that should go from here on count
  std::int64_t end_ns_;
  std::vector<std::uint32_t> sequences_;  ///< next, by the flow's index in the thread
  std::vector<std::uint32_t> warm_up_sequences_;
  LiveCounts live_;  ///< `counted` are the messages of the report
  // As SendReport has them.
  Counter bytes_, failed_, last_errno_, last_slip_ns_;
  Histogram slip_;
  std::atomic<bool> stopped_{false};
};

}  // namespace tunrelay
