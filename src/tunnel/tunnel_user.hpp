// SPDX-License-Identifier: MIT
// Whose a tunnel's process is once it is set up (--user).
#pragma once

#include <optional>
#include <string>

#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

/// The user that TEXT names, as find_user() has it. Nothing where TEXT is empty or names whose the
/// calling process is already. Throws Error: there is none, or it takes root to become it. To be
/// called before a user namespace is entered, in which nobody else is.
[[nodiscard]] std::optional<UserIdentity> user_to_become(const std::string& text);

/// Throws Error where the tunnel's process can't become the user of OPTIONS, or where that user may
/// not make or read the files that are made or read later. A thread of its own tries all that, and
/// ends.
void check_user(const TunnelOptions& options);

}  // namespace tunrelay
