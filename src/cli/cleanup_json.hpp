// SPDX-License-Identifier: MIT
// What an undoing has done, as JSON: of `tunrelay cleanup` and of `tunrelay routes remove`.
#pragma once

#include <nlohmann/json.hpp>

#include "route/apply/cleanup.hpp"

namespace tunrelay {

/// EVENT names the command's answer.
nlohmann::json cleanup_json(const CleanupReport& report, const char* event);

}  // namespace tunrelay
