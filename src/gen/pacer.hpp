// SPDX-License-Identifier: MIT
// Waiting for a point in time as exactly as the machine can: asleep for most of it, looking at
// the clock for the rest, since a sleeper is woken tens of microseconds late.
#pragma once

#include <sys/prctl.h>

#include <atomic>
#include <cerrno>

#include "base/clock.hpp"

namespace tunrelay {

/// Of one thread, which calls prepare() first.
class Pacer {
 public:
  /// Timers of the calling thread are exact from now on (prctl(2): slack of 1 ns).
  static void prepare() noexcept { ::prctl(PR_SET_TIMERSLACK, 1UL); }

  /// Until DUE_NS of CLOCK_MONOTONIC, or until STOP is set. Returns the time then.
  static std::int64_t wait_until(std::int64_t due_ns, const std::atomic<bool>& stop) noexcept {
    std::int64_t now_ns = monotonic_ns();
    while (due_ns - now_ns > kBusyPollNs && !stop.load(std::memory_order_relaxed)) {
      // Not longer than a second, so that a stop is seen.
      const std::int64_t step_ns = std::min(due_ns - kBusyPollNs, now_ns + kNanosecondsPerSecond);
      const timespec until = to_timespec(step_ns);
      ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
      now_ns = monotonic_ns();
    }
    while (now_ns < due_ns && !stop.load(std::memory_order_relaxed)) now_ns = monotonic_ns();
    return now_ns;
  }

 private:
  static constexpr std::int64_t kBusyPollNs = 80 * kNanosecondsPerMicrosecond;
};

}  // namespace tunrelay
