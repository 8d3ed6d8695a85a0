// SPDX-License-Identifier: MIT
#include "tunnel/janitor_keeper.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {

std::string JanitorKeeper::loss_of(const JanitorDuty& duty) {
  return duty.journal_directory.empty()
             ? "If this process is killed now, what was started in its network may live on."
             : "If this process is killed now, its changes stay until `tunrelay cleanup`.";
}

void JanitorKeeper::attend(std::vector<TunnelEvent>& events) {
  if (!janitor_.has_died()) return;
  if (!is_missed_) events.push_back({TunnelEvent::Kind::kBroken, "The janitor has died. " + loss_});
  is_missed_ = true;
  const std::int64_t now_ns = monotonic_ns();
  if (program_.empty() || !limit_.allows(now_ns, now_ns)) return;
  limit_.count(now_ns);
  try {
    janitor_.start_again(program_);
    is_missed_ = false;
    events.push_back({TunnelEvent::Kind::kRepaired, "Another janitor is at work."});
  } catch (const Error& error) {
    events.push_back({TunnelEvent::Kind::kNote, error.what()});
  }
}

}  // namespace tunrelay
