// SPDX-License-Identifier: MIT
#include "tunnel/janitor_keeper.hpp"

namespace tunrelay {

std::string JanitorKeeper::loss_of(const JanitorDuty& duty) {
  return duty.journal_directory.empty()
             ? "If this process is killed now, what was started in its network may live on."
             : "What this process has no right to undo stays until `tunrelay cleanup`.";
}

void JanitorKeeper::attend(std::vector<TunnelEvent>& events) {
  for (unsigned lost = janitor_.link().take_replaced(); lost > 0; --lost)
    events.push_back(
        {TunnelEvent::Kind::kRepaired, "A process of the janitor was killed; another is at work."});
  if (is_missed_ || janitor_.link().is_there()) return;
  is_missed_ = true;
  events.push_back({TunnelEvent::Kind::kBroken,
                    "The janitor has died: the network is not repaired any more. " + loss_});
}

}  // namespace tunrelay
