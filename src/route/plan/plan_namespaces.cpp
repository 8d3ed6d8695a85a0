// SPDX-License-Identifier: MIT
// The strategy `namespaces`: each end in a network namespace of its own, where the other end's
// address is simply not local. No rule is needed, and nothing of the host's own is changed.
#include "route/plan/plan_builder.hpp"
#include "route/plan/plan_choices.hpp"

namespace tunrelay {
namespace {

/// The kernel's own route to the subnet is as good as long as it is there, but knows nothing of
/// TCP, and nobody would put it back.
void add_peer_route(PlanBuilder& builder, const TunnelEnd& end, const IpAddress& own,
                    const IpAddress& far) {
  builder.add({.netns = end.netns,
               .change = AddRoute{builder.peer_route(end, own, far, RT_TABLE_MAIN)},
               .undo = NoChange{}});
}

}  // namespace

void plan_namespaces(PlanBuilder& builder) {
  const TunnelEnds& ends = builder.ends();
  for (const TunnelEnd* end : {&ends.a, &ends.b}) {
    builder.add({.change = AddNamespace{end->netns}, .undo = DeleteNamespace{end->netns}});
    builder.add({.netns = end->netns, .change = SetInterface{.device = {0, "lo"}, .up = true}});
  }
  builder.set_up_end_in_namespace(builder.request().a, ends.a);
  builder.set_up_end_in_namespace(builder.request().b, ends.b);
  for (const IpFamily family : builder.families())
    for (const auto& [a, b] : address_pairs(ends, family)) {
      add_peer_route(builder, ends.a, a.address, b.address);
      add_peer_route(builder, ends.b, b.address, a.address);
    }
}

}  // namespace tunrelay
