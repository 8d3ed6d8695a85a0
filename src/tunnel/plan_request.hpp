// SPDX-License-Identifier: MIT
// From a tunnel's options to a request to the route module.
#pragma once

#include <array>

#include "route/plan/plan.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

/// MADE_BY_US: whether the devices a and b go with us, or are an administrator's.
PlanRequest plan_request(const TunnelOptions& options, std::array<bool, 2> made_by_us);

}  // namespace tunrelay
