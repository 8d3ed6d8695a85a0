// SPDX-License-Identifier: MIT
// What the kernel's answer to a write means for the packet; the same for both engines.
#pragma once

#include <cerrno>

#include "base/drop_reason.hpp"

namespace tunrelay {

/// ERROR: the errno of a failed write to a TUN or TAP (drivers/net/tun.c, tun_get_user).
[[nodiscard]] constexpr DropReason drop_reason_of_write(int error) noexcept {
  switch (error) {
    case EIO:
      return DropReason::kTargetDown;
    case EBADFD:
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
      return DropReason::kTargetGone;
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return DropReason::kTargetFull;
    default:
      return DropReason::kTargetRefused;
  }
}

}  // namespace tunrelay
