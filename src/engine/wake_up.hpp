// SPDX-License-Identifier: MIT
// The descriptor that ends an engine's wait, as both engines read it.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/counter.hpp"
#include "base/ensure.hpp"

namespace tunrelay {

/// Takes the signals from the eventfd FD; whether there were any. Counts a system call.
inline bool drain_wake_up(int fd, Counter& system_calls) noexcept {
  std::uint64_t signals = 0;
  system_calls.add(1);
  const bool drained = ::read(fd, &signals, sizeof signals) > 0;
  ensure_errno(drained || errno == EAGAIN || errno == EINTR, errno, "read a wake-up");
  return drained;
}

}  // namespace tunrelay
