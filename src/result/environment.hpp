// SPDX-License-Identifier: MIT
// What a result was measured on, as far as it can be read without running a program: what decides
// figures, and what identifies a machine. tools/measuring/environment.py has the same keys for
// the same things.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tunrelay {

/// An object; null stands where the machine does not say. Sysctls under net/ are those of the
/// calling thread's network namespace. ROOT stands before /proc, /sys, /etc and /run: a folder
/// that holds copies of them. What the program itself knows (its version, its commit, offloads,
/// pinning) the caller adds. Never throws but for want of memory.
[[nodiscard]] nlohmann::json describe_environment(const std::string& root = {});

}  // namespace tunrelay
