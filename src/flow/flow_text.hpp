// SPDX-License-Identifier: MIT
// The flows of a relay for people.
#pragma once

#include <cstddef>
#include <string>

#include "flow/flow_snapshot.hpp"

namespace tunrelay {

/// How many flows the text has.
inline constexpr std::size_t kFlowsInText = 10;

/// A line of sums, and some a flow.
std::string flow_lines(const FlowSnapshot& snapshot);

}  // namespace tunrelay
