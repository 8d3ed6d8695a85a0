// SPDX-License-Identifier: MIT
// A long record made short for a page. A pure function, for any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "record/record.hpp"

namespace tunrelay {

/// A record with at most about MOST intervals, so that a page stays small: neighbours of the same
/// link are made one. Amounts add up; delays and peaks are the highest of them.
[[nodiscard]] Record thinned(const Record& record, std::size_t most);

/// Whether both are intervals of one flow.
[[nodiscard]] bool is_same(const FlowInterval& one, const FlowInterval& other);
/// Adds what MORE's flows did to those of FLOWS.
void join(std::vector<FlowInterval>& flows, const std::vector<FlowInterval>& more);

}  // namespace tunrelay
