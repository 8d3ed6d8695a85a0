// SPDX-License-Identifier: MIT
// What stands in a plan's way, looked for before anything is changed. Each conflict shows the
// offending line as `ip` prints it, and a hint. Pure: no system call.
#pragma once

#include <string>
#include <vector>

#include "route/model/host_state.hpp"
#include "route/plan/plan.hpp"

namespace tunrelay {

struct Conflict {
  std::string text{};  ///< "192.168.13.1/24 overlaps the subnet of another interface"
  std::string line{};  ///< "inet 192.168.13.77/24 scope global eth0"; may be empty
  std::string hint{};  ///< "choose other addresses"
};

/// All conflicts, not only the first. Throws a usage Error for a request that makes no sense.
std::vector<Conflict> find_conflicts(const PlanRequest& request, const HostState& state);

/// Throws an unsupported-environment Error (exit code 3) that lists the conflicts, if there are
/// any.
void refuse_conflicts(const PlanRequest& request, const HostState& state);

/// What REQUEST needs on a host in STATE; refuses conflicts before. Throws as refuse_conflicts()
/// and make_plan().
[[nodiscard]] Plan prepare_plan(const PlanRequest& request, const HostState& state);

}  // namespace tunrelay
