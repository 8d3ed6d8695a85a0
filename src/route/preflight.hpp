// What stands in a plan's way, looked for before anything is changed. Each conflict shows the
// offending line as `ip` prints it, and the way out. Pure: no system call.
#pragma once

#include <string>
#include <vector>

#include "route/host_state.hpp"
#include "route/plan.hpp"

namespace tunrelay {

struct Conflict {
  std::string text{};     ///< "192.168.13.1/24 overlaps the subnet of another interface"
  std::string line{};     ///< "inet 192.168.13.77/24 scope global eth0"; may be empty
  std::string way_out{};  ///< "choose other addresses"
};

/// All conflicts, not only the first. Throws a usage Error for a request that makes no sense.
std::vector<Conflict> find_conflicts(const PlanRequest& request, const HostState& state);

/// Throws an unfit Error (exit code 3) that lists the conflicts, if there are any.
void refuse_conflicts(const PlanRequest& request, const HostState& state);

}  // namespace tunrelay
