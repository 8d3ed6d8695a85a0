// SPDX-License-Identifier: MIT
// A network of our own for `exec`: what happens in it touches the host nowhere, and goes when
// its last process ends.
#pragma once

#include "os/process.hpp"
#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

/// Moves the calling process into new network and mount namespaces (and, for an ordinary user,
/// a new user namespace in which it is root), brings lo up, shows the new network under /sys,
/// and, for the strategy that names namespaces, covers /run/netns with a private directory. Returns
/// what it has left, for TunnelOptions. To be called while there is one thread. Throws Error.
ProcessNamespaces enter_private_network(Strategy strategy);

}  // namespace tunrelay
