// SPDX-License-Identifier: MIT
// Whether a request makes sense by itself, whatever the host looks like.
#pragma once

#include "route/plan/plan.hpp"

namespace tunrelay {

/// Throws a usage Error that names what does not fit, and what would.
void check_request(const PlanRequest& request);

}  // namespace tunrelay
