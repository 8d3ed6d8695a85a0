// SPDX-License-Identifier: MIT
// A janitor's duty as arguments of a program, for one that is spawned.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "route/apply/janitor.hpp"

namespace tunrelay {

std::vector<std::string> janitor_arguments(const JanitorDuty& duty);
/// Nothing when these are other arguments.
std::optional<JanitorDuty> duty_in(const std::vector<std::string>& arguments);

}  // namespace tunrelay
