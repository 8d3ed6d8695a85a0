// SPDX-License-Identifier: MIT
// Waits that a signal ends. Signals to stop are blocked in all threads of a running tunnel
// (os/signal_watch.hpp), so that a plain wait for a file or a peer would outlive them.
#pragma once

#include <cstdint>

namespace tunrelay {

inline constexpr std::int64_t kNoLimit = INT64_MAX;

/// Whether one of kStopSignals is pending: it was sent to this process or thread, which blocks it.
/// It stays pending for whoever watches it. A signal that is not blocked acts as it always does.
[[nodiscard]] bool stop_is_pending() noexcept;

/// Waits until FD is ready for EVENTS, as poll(2) has it, for at most LIMIT_NS. FD may be negative:
/// then only time passes. Returns 0, ETIMEDOUT, or EINTR when a stop is pending.
[[nodiscard]] int wait_until_ready(int fd, short events, std::int64_t limit_ns = kNoLimit) noexcept;

}  // namespace tunrelay
