// SPDX-License-Identifier: MIT
// The names that iproute2 gives to tables, protocols, scopes and route types, so that a line of
// ours reads as `ip` would show it. Names that an administrator added in /etc/iproute2 stay
// numbers: `ip` takes those too.
#pragma once

#include <cstdint>
#include <string>

namespace tunrelay {

/// "local", "main", "default", or the number.
std::string table_name(std::uint32_t table);
/// "kernel", "static", ... or the number.
std::string protocol_name(std::uint8_t protocol);
/// "global", "link", "host", ... or the number.
std::string scope_name(std::uint8_t scope);
/// "unicast", "local", "blackhole", ... or the number.
std::string route_type_name(std::uint8_t type);

}  // namespace tunrelay
