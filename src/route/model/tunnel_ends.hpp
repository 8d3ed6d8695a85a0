// SPDX-License-Identifier: MIT
// The two ends of a tunnel as routing sees them: what must be reachable from where.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"

namespace tunrelay {

enum class Strategy {
  kPolicy,      ///< the rule for table `local` moves behind rules that lead through the tunnel
  kClassic,     ///< the local routes of the two addresses move to another table; no bind() to them
  kNamespaces,  ///< each end in a network namespace of its own
};

/// "policy", "classic", "namespaces".
std::string to_string(Strategy strategy);
/// Throws a usage Error.
Strategy parse_strategy(std::string_view text);

struct TunnelEnd {
  std::string device{};
  int device_index = 0;  ///< in the namespace where it was when the plan was made
  std::string netns{};   ///< named; empty: the one in which the plan is applied
  std::vector<IpPrefix> addresses{};
};

struct TunnelEnds {
  Strategy strategy = Strategy::kPolicy;
  TunnelEnd a{};
  TunnelEnd b{};  ///< with as many addresses of each family as `a`, in the same order
};

/// The addresses of one family, in their order.
std::vector<IpPrefix> addresses_of(const TunnelEnd& end, IpFamily family);
/// The families that an end has addresses of: IPv4 before IPv6.
std::vector<IpFamily> families_of(const TunnelEnd& end);

}  // namespace tunrelay
