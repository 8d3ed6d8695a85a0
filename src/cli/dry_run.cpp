// SPDX-License-Identifier: MIT
#include "cli/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "route/plan/preflight.hpp"
#include "tunnel/plan_request.hpp"

namespace tunrelay {
namespace {

int print_plan(const PlanRequest& request, const HostState& state,
               std::vector<std::string> commands, bool json) {
  const Plan plan = prepare_plan(request, state);
  const std::vector<std::string> changes = commands_of(plan);
  commands.insert(commands.end(), changes.begin(), changes.end());
  if (json) {
    const nlohmann::ordered_json answer{
        {"event", "plan"}, {"commands", commands}, {"notes", plan.notes}};
    fmt::print("{}\n", json_text(answer));
    return 0;
  }
  for (const std::string& note : plan.notes) fmt::print("# {}\n", note);
  for (const std::string& command : commands) fmt::print("{}\n", command);
  return 0;
}

/// A device that is still to be made, as the plan will find it.
Interface imagined_interface(const std::string& name, const HostState& state) {
  Interface interface;
  interface.index = 1;
  for (const Interface& other : state.interfaces)
    interface.index = std::max(interface.index, other.index + 1);
  interface.name = name;
  interface.kind = "tun";
  interface.mtu_bytes = 1500;
  interface.txqueuelen = 500;
  return interface;
}

}  // namespace

int print_tunnel_plan(const TunnelOptions& options, bool json) {
  HostState state = read_host_state();
  std::vector<std::string> commands;
  std::array<bool, 2> made_by_us{};
  for (const auto& [end, index] : {std::pair{&options.a, 0U}, std::pair{&options.b, 1U}}) {
    if (state.find_interface(end->device) != nullptr) continue;
    made_by_us.at(index) = true;
    state.interfaces.push_back(imagined_interface(end->device, state));
    // The relay does it by ioctl, a person by `ip tuntap`.
    commands.push_back(fmt::format("ip tuntap add {} mode {} multi_queue vnet_hdr", end->device,
                                   to_string(options.type)));
  }
  return print_plan(plan_request(options, made_by_us), state, commands, json);
}

int print_route_plan(const PlanRequest& request, bool json) {
  return print_plan(request, read_host_state(), {}, json);
}

}  // namespace tunrelay
