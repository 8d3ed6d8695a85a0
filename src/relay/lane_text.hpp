// SPDX-License-Identifier: MIT
// What is reported of one lane, or of all lanes of a direction: as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/lane_counters.hpp"
#include "relay/worker.hpp"

namespace tunrelay {

/// "none", or each reason with its packets, and its wire segments where those are more.
[[nodiscard]] std::string drops_text(const LaneCounts& counts);

/// Lines of what stages have made and queued; and of all accounts, where they don't balance.
/// WORKERS say how much may be queued.
[[nodiscard]] std::string stages_account(const LaneCounts& counts,
                                         const std::vector<WorkerReport>& workers);

[[nodiscard]] nlohmann::ordered_json lane_json(const LaneCounts& counts);

}  // namespace tunrelay
