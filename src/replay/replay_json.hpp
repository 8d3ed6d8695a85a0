// SPDX-License-Identifier: MIT
// What a replay has done, as `tunrelay replay --json` prints it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "replay/replay.hpp"

namespace tunrelay {

nlohmann::ordered_json replay_json(const ReplayReport& report);

}  // namespace tunrelay
