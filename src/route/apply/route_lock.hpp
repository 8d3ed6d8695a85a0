// SPDX-License-Identifier: MIT
// One tunnel at a time plans and makes, or undoes, its changes: free tables and priorities are
// chosen by what is there, and the move of the rule for table `local` is shared.
#pragma once

#include <chrono>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Longer than a start on a busy machine takes, for some tunnels that start together.
inline constexpr std::chrono::seconds kRouteLockLimit{20};
/// For who restores what a killed tunnel has left. The janitor promises a quarter of a second;
/// whoever holds the lock needs some milliseconds.
inline constexpr std::chrono::seconds kLeftoverLockLimit{2};

/// Locks the routes of the calling thread's network namespace until the descriptor is closed, by
/// its holder or by the end of that. It is a lock of the namespace's own file, so that it holds
/// among tunnels that see different /run too. Not open when TIME_LIMIT ran out, and then who wants
/// it goes on: any user may hold it, and what it prevents is refused by the kernel. Throws Error
/// when the namespace can't be opened.
[[nodiscard]] FileDescriptor lock_routes(std::chrono::milliseconds time_limit = kRouteLockLimit);

}  // namespace tunrelay
