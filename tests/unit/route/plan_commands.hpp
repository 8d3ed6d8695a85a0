// SPDX-License-Identifier: MIT
// A plan as the commands that it equals, for comparison.
#pragma once

#include <string>
#include <vector>

#include "route/plan/plan.hpp"

namespace tunrelay::test {

using Lines = std::vector<std::string>;

/// In the order in which they are carried out.
inline Lines undo_commands_of(const Plan& plan) {
  Lines lines;
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step)
    if (const std::string line = to_command(step->undo, step->netns); !line.empty())
      lines.push_back(line);
  return lines;
}

}  // namespace tunrelay::test
