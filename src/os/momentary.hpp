// SPDX-License-Identifier: MIT
// Failures that say nothing of what was tried: a moment later the same call may succeed.
#pragma once

#include <cerrno>

#include "base/clock.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {

/// ERROR: an errno, of a call interrupted, or for which the kernel has no memory now.
[[nodiscard]] constexpr bool is_momentary(int error) noexcept {
  return error == EINTR || error == ENOBUFS || error == ENOMEM;
}

/// What CALL() returns, a count or less than 0 with an errno, as soon as that is not momentary, or
/// after a second.
template <typename Call>
auto call_patiently(Call call) noexcept {
  decltype(call()) result = 0;
  static_cast<void>(wait_until(
      [&] {
        result = call();
        return result >= 0 || !is_momentary(errno);
      },
      kNanosecondsPerSecond, kNanosecondsPerMillisecond));
  return result;
}

}  // namespace tunrelay
