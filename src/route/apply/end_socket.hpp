// SPDX-License-Identifier: MIT
// Sockets in the network namespaces of a tunnel's ends. Whoever has no right to enter those has
// them opened by who has.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "os/file_descriptor.hpp"

namespace tunrelay {

enum class EndSocket : std::uint8_t {
  kNone,
  kRoutes,  ///< rtnetlink
  kIpv4,    ///< datagrams, of which none is waited for
  kIpv6,    ///< the same
};

/// Opens one in the namespace NETNS; empty: the calling thread's. Throws Error.
FileDescriptor open_end_socket(const std::string& netns, EndSocket kind);

/// The same, by somebody else. Throws Error.
using EndSocketSource = std::function<FileDescriptor(const std::string& netns, EndSocket kind)>;

}  // namespace tunrelay
