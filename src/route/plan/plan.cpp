// SPDX-License-Identifier: MIT
#include "route/plan/plan.hpp"

#include <utility>

#include "route/plan/plan_builder.hpp"

namespace tunrelay {

std::vector<std::string> commands_of(const Plan& plan) {
  std::vector<std::string> commands;
  for (const Step& step : plan.steps)
    if (std::string command = to_command(step); !command.empty())
      commands.push_back(std::move(command));
  return commands;
}

Plan make_plan(const PlanRequest& request, const HostState& state) {
  PlanBuilder builder(request, state);
  switch (request.strategy) {
    case Strategy::kPolicy:
      plan_policy(builder);
      break;
    case Strategy::kClassic:
      plan_classic(builder);
      break;
    case Strategy::kNamespaces:
      plan_namespaces(builder);
      break;
  }
  return std::move(builder).finish();
}

}  // namespace tunrelay
