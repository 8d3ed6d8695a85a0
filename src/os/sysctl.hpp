// SPDX-License-Identifier: MIT
// Kernel settings under /proc/sys, by their path there: "net/ipv6/conf/tun0/accept_ra".
// Those under net/ are the calling thread's network namespace's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tunrelay {

/// Without the newline at its end; nothing when there is no such setting or it can't be read.
std::optional<std::string> read_sysctl(const std::string& path);

/// Returns 0 or an errno: EROFS and EACCES in containers, ENOENT for an unknown setting.
[[nodiscard]] int write_sysctl(const std::string& path, std::string_view value) noexcept;

}  // namespace tunrelay
