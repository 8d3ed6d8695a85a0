// SPDX-License-Identifier: MIT
// The flows of a relay for programs: base units, the unit in the key. What the keys mean stands in
// flow/flow_counters.hpp and flow/tcp_counters.hpp.
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "flow/flow_snapshot.hpp"

namespace tunrelay {

/// null where flows are not counted.
nlohmann::ordered_json flows_json(const std::optional<FlowSnapshot>& snapshot);

}  // namespace tunrelay
