// SPDX-License-Identifier: MIT
// Waiting for what sends no notification.
#pragma once

#include <cstdint>
#include <ctime>

#include "base/clock.hpp"

namespace tunrelay {

/// Checks CONDITION again and again, with PAUSE_NS between, until it is true or LIMIT_NS have
/// passed; its last answer.
template <typename Condition>
[[nodiscard]] bool wait_until(Condition condition, std::int64_t limit_ns, std::int64_t pause_ns) {
  const std::int64_t end_ns = monotonic_ns() + limit_ns;
  const timespec pause = to_timespec(pause_ns);
  while (!condition()) {
    if (monotonic_ns() >= end_ns) return false;
    ::nanosleep(&pause, nullptr);
  }
  return true;
}

}  // namespace tunrelay
