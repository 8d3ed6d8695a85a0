// SPDX-License-Identifier: MIT
#include "os/interruptible.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.hpp"
#include "os/signal_watch.hpp"

namespace tunrelay {
namespace {

// Pending signals are looked at that often: a descriptor that becomes readable for them would be
// one more thing that can fail where descriptors have run out.
constexpr std::int64_t kLookMs = 50;

}  // namespace

bool stop_is_pending() noexcept {
  sigset_t pending;
  ::sigemptyset(&pending);
  ::sigpending(&pending);
  return std::any_of(kStopSignals.begin(), kStopSignals.end(),
                     [&pending](int signal) { return ::sigismember(&pending, signal) == 1; });
}

int wait_until_ready(int fd, short events, std::int64_t limit_ns) noexcept {
  const std::int64_t begin_ns = monotonic_ns();
  for (;;) {
    const std::int64_t left_ns = std::max<std::int64_t>(limit_ns - (monotonic_ns() - begin_ns), 0);
    const std::int64_t left_ms = left_ns / kNanosecondsPerMillisecond;
    pollfd watched{.fd = fd, .events = events, .revents = 0};
    // What is ready needs no wait, with or without a signal.
    if (::poll(&watched, 1, static_cast<int>(std::min(left_ms + 1, kLookMs))) > 0) return 0;
    if (stop_is_pending()) return EINTR;
    if (left_ms == 0) return ETIMEDOUT;
  }
}

}  // namespace tunrelay
