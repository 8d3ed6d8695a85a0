// SPDX-License-Identifier: MIT
// Mounts that reach nobody: what a private network mounts over /sys and /run/netns.
#pragma once

namespace tunrelay {

/// No mount that is made from now on in the calling process's mount namespace, which must be its
/// own already, shows in another one. To be called while there is one thread. Throws Error.
void make_mounts_private();

}  // namespace tunrelay
