// SPDX-License-Identifier: MIT
// What this build is, and what it can do on this kernel.
#pragma once

#include <string>

namespace tunrelay {

/// "tunrelay 0.2.0 at 0123456789ab (GNU 12.2.0, RelWithDebInfo)" and a line a feature.
std::string version_text();

}  // namespace tunrelay
