// SPDX-License-Identifier: MIT
// What the stages that a user has brought have done, for people and for programs.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// A few lines a stage, each with its end; empty without stages.
[[nodiscard]] std::string user_stage_lines(const TunnelReport& report);

/// An array: an object a stage, with both ends' counts.
[[nodiscard]] nlohmann::ordered_json user_stages_json(const TunnelReport& report);

}  // namespace tunrelay
