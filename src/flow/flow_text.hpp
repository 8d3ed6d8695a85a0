// SPDX-License-Identifier: MIT
// The flows of a relay for people and for programs.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/direction.hpp"
#include "flow/flow_snapshot.hpp"

namespace tunrelay {

/// How many flows a text has; JSON has all of FlowSnapshot::top.
inline constexpr std::size_t kFlowsInText = 10;

/// A line of sums, and some a flow.
std::string flow_lines(const FlowSnapshot& snapshot);
/// null where flows are not counted; base units, the unit in the key.
nlohmann::ordered_json flows_json(const std::optional<FlowSnapshot>& snapshot);

}  // namespace tunrelay
