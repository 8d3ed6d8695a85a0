// SPDX-License-Identifier: MIT
// What the stages that a user has brought have done, for people.
#pragma once

#include <string>

#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// A few lines a stage, each with its end; empty without stages.
[[nodiscard]] std::string user_stage_lines(const TunnelReport& report);

}  // namespace tunrelay
