// SPDX-License-Identifier: MIT
// What this build is, and what it can do on this kernel.
#pragma once

#include <string>

namespace tunrelay {

/// "tunrelay 0.1.0 (git abc1234, g++ 12.2, liburing 2.3)" and a line a feature.
std::string version_text();

}  // namespace tunrelay
