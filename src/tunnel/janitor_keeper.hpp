// SPDX-License-Identifier: MIT
// Sees that the janitor's processes have died, and says what that means.
#pragma once

#include <string>
#include <vector>

#include "route/helper/janitor.hpp"
#include "tunnel/tunnel_event.hpp"

namespace tunrelay {

/// Used by one thread.
class JanitorKeeper {
 public:
  /// Forks the first, as Janitor does. Throws Error.
  explicit JanitorKeeper(const JanitorDuty& duty) : janitor_(duty), loss_(loss_of(duty)) {}

  /// Appends what has happened. To be called once a second or so.
  void attend(std::vector<TunnelEvent>& events);
  [[nodiscard]] HelperLink& link() noexcept { return janitor_.link(); }
  void dismiss() noexcept { janitor_.dismiss(); }

 private:
  static std::string loss_of(const JanitorDuty& duty);

  Janitor janitor_;
  std::string loss_;  ///< what nobody does without a janitor, a sentence
  bool is_missed_ = false;
};

}  // namespace tunrelay
