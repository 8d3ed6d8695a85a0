// SPDX-License-Identifier: MIT
// What a request leaves open, decided: families, tables, priorities, protocol. Shared by the
// plan and by the look for conflicts, which must speak of the same thing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "route/plan/plan.hpp"

namespace tunrelay {

inline constexpr std::uint32_t kMinimumIpv6MtuBytes = 1280;  // RFC 8200, section 5

struct RulePriorities {
  std::uint32_t in = 0;     ///< packets out of the tunnel
  std::uint32_t out = 0;    ///< packets into the tunnel
  std::uint32_t local = 0;  ///< where the rule for table `local` goes
};

struct PlanChoices {
  TunnelEnds ends{};
  std::uint8_t protocol = kOwnProtocol;
  std::uint32_t table_in = 0;
  std::uint32_t table_out = 0;
  std::optional<RulePriorities> priorities{};  ///< nothing: a foreign rule leaves no room
  /// The foreign rule that ours have to stand before, when there is one.
  std::optional<Rule> lowest_foreign_rule{};
  std::vector<std::string> notes{};
};

/// Throws a usage Error for a request that makes no sense.
PlanChoices choose(const PlanRequest& request, const HostState& state);

/// The step of a sibling that put the rule for table `local` of FAMILY where it is.
const Step* find_sibling_local_rule(const PlanRequest& request, IpFamily family);

/// The addresses of one family, pair by pair.
struct AddressPair {
  IpPrefix a{};
  IpPrefix b{};
};
std::vector<AddressPair> address_pairs(const TunnelEnds& ends, IpFamily family);

}  // namespace tunrelay
