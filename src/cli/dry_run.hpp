// SPDX-License-Identifier: MIT
// `--dry-run` and `routes plan`: what would be done, as the commands that a person would type.
#pragma once

#include "route/plan/plan.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

/// Prints the commands of `run` or `exec`, which make the devices that are not there, or a JSON
/// object with them, on standard output; changes nothing. Returns the exit code. Throws Error
/// when the host has a conflict.
int print_tunnel_plan(const TunnelOptions& options, bool json);

/// The same for devices that are there, as `routes apply` uses them.
int print_route_plan(const PlanRequest& request, bool json);

}  // namespace tunrelay
