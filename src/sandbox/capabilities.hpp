// SPDX-License-Identifier: MIT
// What a thread may do beyond its user's rights (capabilities(7)). Each thread has sets of its own.
#pragma once

#include <cstdint>
#include <span>

namespace tunrelay {

/// Takes all capabilities but KEPT (CAP_... of linux/capability.h) from the calling thread, which
/// the threads and programs that it starts then lack, too: from its effective, permitted,
/// inheritable and ambient sets, and from the bounding set where CAP_SETPCAP allows that. Returns 0
/// or the errno of what was refused.
[[nodiscard]] int keep_capabilities(std::span<const int> kept) noexcept;

/// From now on no program that the calling thread starts gets rights by its file (setuid, file
/// capabilities). Returns 0 or an errno.
[[nodiscard]] int forbid_new_privileges() noexcept;

}  // namespace tunrelay
