// The strategy `namespaces`: each end in a network namespace of its own, where the other end's
// address is simply not local. No rule is needed, and nothing of the host's own is changed.
#include "route/plan_builder.hpp"

namespace tunrelay {

void plan_namespaces(PlanBuilder& builder) {
  const TunnelEnds& ends = builder.ends();
  for (const TunnelEnd* end : {&ends.a, &ends.b}) {
    builder.add({.change = AddNamespace{end->netns}, .undo = DeleteNamespace{end->netns}});
    builder.add({.netns = end->netns, .change = SetLink{.device = {0, "lo"}, .up = true}});
  }
  builder.set_up_end_in_namespace(builder.request().a, ends.a);
  builder.set_up_end_in_namespace(builder.request().b, ends.b);
}

}  // namespace tunrelay
