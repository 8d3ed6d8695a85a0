// SPDX-License-Identifier: MIT
// A replay as another program requests it, behind the boundary of embed/tunrelay/tunnel_abi.h.
#pragma once

#include <string>

#include "embed/tunrelay/tunnel_abi.h"

namespace tunrelay {

/// Does it. Throws Error as replay() does, and for a setup that can't be.
std::string replay_json_of(const tunrelay_replay_setup& setup);

}  // namespace tunrelay
