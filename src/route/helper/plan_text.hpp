// SPDX-License-Identifier: MIT
// A plan as JSON, for the process that looks after it. Without its notes, which are for the user.
#pragma once

#include <string>

#include "route/plan/plan.hpp"

namespace tunrelay {

std::string plan_text(const Plan& plan);
/// Throws Error for a text that is not a plan.
Plan parse_plan(const std::string& text);

}  // namespace tunrelay
