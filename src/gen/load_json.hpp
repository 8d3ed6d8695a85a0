// A load and what it came to as JSON: between a client and a server, and in results.
#pragma once

#include <nlohmann/json.hpp>

#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"

namespace tunrelay {

[[nodiscard]] nlohmann::json to_json(const LoadSpec& spec);
/// Throws nlohmann::json::exception when something is missing or of another type, and a usage
/// Error when the load can't be (check_load_spec()).
[[nodiscard]] LoadSpec load_spec_from_json(const nlohmann::json& json);

/// With histograms, as measure/hdr_log.hpp encodes them.
[[nodiscard]] nlohmann::json to_json(const DirectionReport& report);
/// Throws nlohmann::json::exception or Error.
[[nodiscard]] DirectionReport direction_report_from_json(const nlohmann::json& json);

[[nodiscard]] nlohmann::json to_json(const TrialReport& report);
[[nodiscard]] TrialReport trial_report_from_json(const nlohmann::json& json);

}  // namespace tunrelay
