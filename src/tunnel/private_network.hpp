// SPDX-License-Identifier: MIT
// A network of our own for `exec`: what happens in it touches the host nowhere, and goes when
// its last process ends.
#pragma once

#include "os/process.hpp"
#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

/// An ordinary user's process becomes root of a user namespace, for good; root's stays as it is. To
/// be called while there is one thread. Throws Error.
void enter_user_namespace();

/// Moves the calling process into new network and mount namespaces (and, for an ordinary user,
/// a new user namespace in which it is root), brings lo up, shows the new network under /sys,
/// and, for the strategy that names namespaces, covers /run/netns with a private directory. Returns
/// what it has left, for TunnelOptions. To be called while there is one thread; with more, which
/// only root can, the calling one alone moves. Throws Error.
ProcessNamespaces enter_private_network(Strategy strategy);

}  // namespace tunrelay
