// SPDX-License-Identifier: MIT
// Whether a network namespace that a journal speaks of is still there.
#pragma once

#include <cstdint>

namespace tunrelay {

/// Whether somebody uses the network namespace of that number and cookie (0: not known; see
/// current_netns_cookie()): a process lives in it, or it is mounted, as `ip netns` does, where some
/// process can see it. True also when that can't be known: a process that does not show where it
/// lives counts, unless it is known to live in the same as another.
[[nodiscard]] bool is_netns_in_use(std::uint64_t inode, std::uint64_t cookie);

}  // namespace tunrelay
