// SPDX-License-Identifier: MIT
// The strategy `policy`. Every host looks up table `local` first (priority 0), and what it finds
// there goes over lo. Here the rule for that table moves to a later place, and before it come
//
//   iif A, iif B         -> table IN:  both addresses are local; all else is dropped
//   iif lo to A or B     -> table OUT: each address is reached through the other end's device
//   (all)                -> table local, moved
//
// `iif lo` is what this host itself sends. The last steps of a plan are the move, so that the
// rules take effect at one stroke, and undoing begins with putting the old rule back.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "route/plan/plan_builder.hpp"

namespace tunrelay {
namespace {

void add_table_out(PlanBuilder& builder) {
  const TunnelEnds& ends = builder.ends();
  const std::uint32_t table = builder.choices().table_out;
  for (const IpFamily family : builder.families()) {
    const auto pairs = address_pairs(ends, family);
    for (const auto& [a, b] : pairs) {
      builder.add_route(builder.peer_route(ends.a, a.address, b.address, table));
      builder.add_route(builder.peer_route(ends.b, b.address, a.address, table));
    }
    // When a device goes down its routes go too. Then the traffic shall fail, not go over lo
    // unseen.
    const IpPrefix any{pairs.front().a.address, 0};
    builder.add_route({.destination = any.network(),
                       .type = RTN_UNREACHABLE,
                       .table = table,
                       .protocol = builder.choices().protocol});
  }
}

/// Some programs choose the way by themselves from what /proc/net/route shows, IPv4's table main,
/// and take what is an address of this host for lo's (scapy does). The kernel never looks these up.
void add_routes_shown(PlanBuilder& builder) {
  const TunnelEnds& ends = builder.ends();
  for (const auto& [a, b] : address_pairs(ends, IpFamily::kIpv4)) {
    builder.add_route(builder.peer_route(ends.a, a.address, b.address, RT_TABLE_MAIN));
    builder.add_route(builder.peer_route(ends.b, b.address, a.address, RT_TABLE_MAIN));
  }
}

void add_rules_out(PlanBuilder& builder) {
  const RulePriorities priorities = builder.priorities();
  for (const TunnelEnd* end : {&builder.ends().b, &builder.ends().a})
    for (const IpPrefix& prefix : end->addresses)
      builder.add_rule({.family = prefix.address.family(),
                        .priority = priorities.out,
                        .table = builder.choices().table_out,
                        .protocol = builder.choices().protocol,
                        .destination = host_prefix(prefix.address),
                        .iif = "lo"});
}

/// Joins in a move that another tunnel has made: whoever ends last undoes it.
bool join_sibling(PlanBuilder& builder, IpFamily family) {
  const Step* added = find_sibling_local_rule(builder.request(), family);
  if (added == nullptr) return false;
  for (const Step& step : builder.request().siblings) {
    const auto* deleted = std::get_if<DeleteRule>(&step.change);
    if (!step.shared || deleted == nullptr || deleted->rule.family != family) continue;
    builder.add(*added);
    builder.add(step);
    return true;
  }
  return false;
}

void move_local_rule(PlanBuilder& builder, IpFamily family) {
  if (join_sibling(builder, family)) return;
  const auto& rules = builder.state().rules;
  const auto original = std::find_if(rules.begin(), rules.end(), [family](const Rule& rule) {
    return rule.family == family && rule.priority == 0 && is_local_rule(rule);
  });
  if (original == rules.end()) {
    builder.add_note(fmt::format(
        "The {} rule for table local is not at priority 0: another program has moved it. It stays "
        "where it is, now and afterwards.",
        family == IpFamily::kIpv4 ? "IPv4" : "IPv6"));
    return;
  }
  Rule moved = *original;
  moved.priority = builder.priorities().local;
  moved.protocol = builder.choices().protocol;
  // Never without: the new one first, then the old one away.
  builder.add({.change = AddRule{moved}, .undo = DeleteRule{moved}, .shared = true});
  builder.add({.change = DeleteRule{*original}, .undo = AddRule{*original}, .shared = true});
}

}  // namespace

void plan_policy(PlanBuilder& builder) {
  builder.set_up_ends();
  builder.add_table_in();
  add_table_out(builder);
  add_routes_shown(builder);
  builder.add_rules_in();
  add_rules_out(builder);
  for (const IpFamily family : builder.families()) move_local_rule(builder, family);
}

}  // namespace tunrelay
