// SPDX-License-Identifier: MIT
// Who changes the network for an applied plan whose own process has no right to do that any more.
// Steps are named by their numbers in the plan. route/helper has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"
#include "route/apply/end_socket.hpp"
#include "route/apply/journal.hpp"
#include "route/plan/plan.hpp"

namespace tunrelay {

/// A step that could not be undone.
struct LeftStep {
  std::size_t step = 0;  ///< beyond those of the plan: the journal could not be removed
  int system_errno = 0;
};

class PlanKeeper {
 public:
  PlanKeeper() = default;
  PlanKeeper(const PlanKeeper&) = delete;
  PlanKeeper& operator=(const PlanKeeper&) = delete;

  /// Gives it what it looks after from now on: PLAN, which was applied, and its JOURNAL, if there
  /// is one. Throws Error: it does not take them.
  virtual void hand_over(const Plan& plan, const Journal* journal) = 0;
  /// An errno for each of the STEPS, ascending: 0: done again; EALREADY: it stands.
  [[nodiscard]] virtual std::vector<int> repair(std::span<const std::size_t> steps) = 0;
  /// Interfaces were renamed: rules name them as they are called now. 0 or an errno.
  [[nodiscard]] virtual int follow_names() = 0;
  [[nodiscard]] virtual std::vector<LeftStep> undo() = 0;
  /// A socket at END, 0: a, 1: b, which is in NETNS. Throws Error.
  [[nodiscard]] virtual FileDescriptor open_socket(std::uint8_t end, const std::string& netns,
                                                   EndSocket kind) = 0;
  /// Whether somebody answers.
  [[nodiscard]] virtual bool is_there() noexcept = 0;

 protected:
  ~PlanKeeper() = default;
};

}  // namespace tunrelay
