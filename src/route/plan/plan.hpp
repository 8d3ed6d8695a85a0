// SPDX-License-Identifier: MIT
// The routing changes wanted, as data. Making a plan reads nothing from the kernel and changes
// nothing: it is a function of what is wanted and of what is there.
//
//   const HostState state = read_host_state();
//   refuse_conflicts(request, state);                 // preflight.hpp
//   const Plan plan = make_plan(request, state);
//   for (const Step& step : plan.steps) print(to_command(step));   // --dry-run
//   AppliedPlan applied(plan, ...);                   // apply.hpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "route/model/host_state.hpp"
#include "route/model/step.hpp"
#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

/// The protocol number that our rules, routes and addresses bear: nobody else's are touched.
inline constexpr std::uint8_t kOwnProtocol = 213;
/// Where tables are looked for when the request names none; the second one is the next number.
inline constexpr std::uint32_t kFirstTable = 5213;
/// The article's table, of the strategy `classic`, which takes another where it is in use.
inline constexpr std::uint32_t kClassicTable = 13;
/// Where rules stand when nothing is in the way and the request names no place. A small number:
/// rules that others add later, at a place of their own liking, mostly come behind it.
inline constexpr std::uint32_t kFirstPriority = 10;

struct EndRequest {
  std::string device{};
  std::vector<IpPrefix> addresses{};  ///< IPv4, IPv6, or both; at least one
  /// The interface goes when we go: quiet it, and leave its settings to its end. Otherwise it is
  /// an administrator's: what is there already is used and stays.
  bool made_by_us = true;
  std::string netns_name{};  ///< of the strategy `namespaces`, which makes it
};

struct PlanRequest {
  Strategy strategy = Strategy::kPolicy;
  EndRequest a{.netns_name = "tunrelay-a"};
  EndRequest b{.netns_name = "tunrelay-b"};
  std::uint32_t mtu_bytes = 0;   ///< 0: as it is
  std::uint32_t txqueuelen = 0;  ///< packets; 0: as it is
  /// TCP to the far end begins with it, as the routes there say; empty: with the host's default.
  std::string congestion_control{};
  std::uint32_t table_in = 0;        ///< looked up for packets out of the tunnel; 0: a free one
  std::uint32_t table_out = 0;       ///< looked up for packets into the tunnel; 0: a free one
  std::uint32_t first_priority = 0;  ///< of the rules; 0: before every foreign one
  /// Of rules and routes; nothing: kOwnProtocol, or `kernel` where systemd-networkd runs.
  std::optional<std::uint8_t> protocol{};
  /// The steps of the other tunnels in this namespace (journal.hpp, read_sibling_steps): they
  /// share the move of the rule for table `local`.
  std::vector<Step> siblings{};
};

struct Plan {
  TunnelEnds ends{};  ///< what is left of the request: without IPv6 where there is none
  std::vector<Step> steps{};
  std::vector<std::string> notes{};  ///< what the user should know, a sentence each
};

/// The equal commands of iproute2 and sysctl(8), one a step that has one.
std::vector<std::string> commands_of(const Plan& plan);

/// REQUEST must fit STATE: conflicts are preflight.hpp's business. Throws a usage Error for a
/// request that makes no sense, and an unsupported-environment Error (exit code 3) when it can't be
/// done here.
Plan make_plan(const PlanRequest& request, const HostState& state);

}  // namespace tunrelay
