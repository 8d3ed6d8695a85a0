// SPDX-License-Identifier: MIT
// How an engine waits for packets: asleep or polling, and on time either way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "engine/busy_poll.hpp"

namespace tunrelay {

/// How much earlier than a deadline a sleep has to end, so that whoever slept is awake by then.
/// Learnt from how late the sleeps before were: a few microseconds on bare metal, 40 to 60 where
/// the clock's interrupt comes from a hypervisor. Follows a later one at once and an earlier one
/// slowly. Not thread-safe.
class WakeLatency {
 public:
  [[nodiscard]] std::int64_t ns() const noexcept { return lead_ns_; }
  /// A sleep ended by its time, so much after it.
  void note(std::int64_t late_ns) noexcept {
    // Another thread had the CPU: this says nothing about the clock.
    if (late_ns < 0 || late_ns > kMaxNs) return;
    lead_ns_ = late_ns > lead_ns_ ? late_ns : lead_ns_ - (lead_ns_ - late_ns) / kSlowness;
  }

 private:
  static constexpr std::int64_t kMaxNs = 150 * kNanosecondsPerMicrosecond;
  static constexpr std::int64_t kSlowness = 64;

  std::int64_t lead_ns_ = 60 * kNanosecondsPerMicrosecond;
};

/// Not thread-safe.
class Waiter {
 public:
  explicit Waiter(const BusyPollRule& rule) noexcept : busy_poll_(rule) {}

  /// Waits at most WAIT_NS (0: not at all, negative: without limit) for something to come. LOOK()
  /// says whether something has. SLEEP(NS) sleeps until something has, at most NS (negative:
  /// without limit), and says the same. True when something came.
  template <typename Look, typename Sleep>
  bool wait(std::int64_t wait_ns, Look look, Sleep sleep) noexcept {
    waited_ns_ = kNotAtAll;
    if (wait_ns == 0) return look();
    const std::int64_t begin_ns = monotonic_ns();
    const bool came = wait_from(begin_ns, wait_ns, look, sleep);
    waited_ns_ = monotonic_ns() - begin_ns;
    return came;
  }

  /// What the last wait() brought.
  void after(std::size_t packets, std::size_t bytes) noexcept {
    if (waited_ns_ != kNotAtAll) busy_poll_.after(waited_ns_, packets, bytes);
  }

  /// Between two turns of the engine, the last of which brought so many PACKETS.
  void yield(std::size_t packets) noexcept { yield_policy_.yield(packets); }

 private:
  static constexpr std::int64_t kNotAtAll = -1;

  template <typename Look, typename Sleep>
  bool wait_from(std::int64_t begin_ns, std::int64_t wait_ns, Look look, Sleep sleep) noexcept {
    if (const std::int64_t busy_poll_ns = busy_poll_.before(wait_ns);
        busy_poll_ns > 0 && spin_until(look, busy_poll_ns, yield_policy_))
      return true;
    if (wait_ns < 0) return sleep(wait_ns);
    const std::int64_t end_ns = begin_ns + wait_ns;
    const std::int64_t wake_ns = end_ns - wake_latency_.ns();
    if (const std::int64_t sleep_ns = wake_ns - monotonic_ns(); sleep_ns > 0) {
      if (sleep(sleep_ns)) return true;
      wake_latency_.note(monotonic_ns() - wake_ns);
    }
    return spin_until(look, end_ns - monotonic_ns(), yield_policy_);
  }

  BusyPoll busy_poll_;
  YieldPolicy yield_policy_;
  WakeLatency wake_latency_;
  std::int64_t waited_ns_ = kNotAtAll;
};

}  // namespace tunrelay
