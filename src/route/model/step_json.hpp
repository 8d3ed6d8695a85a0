// SPDX-License-Identifier: MIT
// Steps as JSON, for the journal. Reading throws nlohmann::json::exception, or a usage Error for
// a value that makes no sense: whoever reads a journal turns both into an answer about it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "route/model/step.hpp"

namespace tunrelay {

nlohmann::json step_to_json(const Step& step);
Step step_from_json(const nlohmann::json& json);

}  // namespace tunrelay
