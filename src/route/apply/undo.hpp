// SPDX-License-Identifier: MIT
// Undoing steps in reverse: what a tunnel does at its end, what the janitor does after its
// death, and what `tunrelay cleanup` does, are this one function.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "route/apply/applier.hpp"
#include "route/model/step.hpp"

namespace tunrelay {

struct UndoFailure {
  Step step{};
  int system_errno = 0;
  std::string message{};  ///< where no step failed but something beside them; else empty

  /// "could not delete the rule 10: from all iif tun0 lookup 5213: Operation not permitted".
  [[nodiscard]] std::string to_string() const;
};

/// Undoes STEPS from the last to the first, also those that come before one that fails. Shared
/// steps that are among the SIBLINGS' stay: the last tunnel undoes them. May be repeated.
std::vector<UndoFailure> undo_steps(Applier& applier, std::span<const Step> steps,
                                    const std::vector<Step>& siblings);

}  // namespace tunrelay
