// SPDX-License-Identifier: MIT
// A load and what it came to as JSON: between a client and a server, and in results. Histograms are
// encoded as metrics/hdr_log.hpp has them. Reading throws nlohmann::json::exception when something
// is missing or of another type, and an Error when a value can't be.
#pragma once

#include <nlohmann/json.hpp>

#include "gen/load_end.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"

namespace tunrelay {

[[nodiscard]] nlohmann::json to_json(const LoadSpec& spec);
/// A load that can't be (check_load_spec()) is a usage Error.
[[nodiscard]] LoadSpec load_spec_from_json(const nlohmann::json& json);

[[nodiscard]] nlohmann::json to_json(const EndCounts& counts);
[[nodiscard]] EndCounts end_counts_from_json(const nlohmann::json& json);

[[nodiscard]] nlohmann::json to_json(const LoadEndReport& report);
[[nodiscard]] LoadEndReport load_end_report_from_json(const nlohmann::json& json);

[[nodiscard]] nlohmann::json to_json(const TrialReport& report);
[[nodiscard]] TrialReport trial_report_from_json(const nlohmann::json& json);

}  // namespace tunrelay
