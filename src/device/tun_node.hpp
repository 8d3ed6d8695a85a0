// SPDX-License-Identifier: MIT
// The node /dev/net/tun, through which every queue is opened.
#pragma once

#include <string>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Non-blocking, close-on-exec. Throws Error with a hint for each cause: no node, no
/// driver, no permission, a container's device policy.
FileDescriptor open_tun_node();

/// "/dev/net/tun, features 0x7173": what the driver says of itself. Throws Error.
std::string probe_tun_node();

}  // namespace tunrelay
