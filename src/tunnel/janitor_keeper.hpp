// SPDX-License-Identifier: MIT
// The janitor's own janitor: sees that it has died, says so, and starts another.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "route/apply/janitor.hpp"
#include "route/watch/repair_limit.hpp"
#include "tunnel/tunnel_event.hpp"

namespace tunrelay {

/// Used by one thread.
class JanitorKeeper {
 public:
  /// Forks the first, as Janitor does. PROGRAM: what starts another, by run_janitor(); empty: there
  /// is none, and a janitor that was killed is missed from then on. Throws Error.
  JanitorKeeper(const JanitorDuty& duty, std::string program)
      : janitor_(duty), program_(std::move(program)), loss_(loss_of(duty)) {}

  /// Appends what has happened. To be called once a second or so.
  void attend(std::vector<TunnelEvent>& events);
  void dismiss() noexcept { janitor_.dismiss(); }

 private:
  static std::string loss_of(const JanitorDuty& duty);

  Janitor janitor_;
  std::string program_;
  std::string loss_;  ///< what nobody does without a janitor, a sentence
  bool is_missed_ = false;
  RepairLimit limit_;  ///< for who kills each new one
};

}  // namespace tunrelay
