// SPDX-License-Identifier: MIT
// What users' stages have done, as JSON.
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "plugin/user_stages.hpp"

namespace tunrelay {

/// An object a stage, with "a" and "b" for its two ends; see docs/shared/report-json.scd.
nlohmann::ordered_json user_stages_json(const std::vector<UserStageReport>& stages);

}  // namespace tunrelay
