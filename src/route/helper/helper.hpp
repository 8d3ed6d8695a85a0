// SPDX-License-Identifier: MIT
// Looks after a plan that another process has applied: does what that asks for, as far as it is
// about this plan.
#pragma once

#include <array>
#include <memory>

#include "os/file_descriptor.hpp"
#include "route/apply/apply.hpp"
#include "route/helper/helper_protocol.hpp"

namespace tunrelay {

/// Used by one thread. A child of its process may use its copy, after begin().
class Helper {
 public:
  /// PLAN was applied in the calling thread's network namespace; JOURNAL may be null. Throws Error.
  Helper(const Plan& plan, std::unique_ptr<Journal> journal);

  /// Shares no sockets with the process in which it was made, knows what others have done before
  /// it, and follows the names of interfaces that were renamed meanwhile. Throws Error.
  void begin();
  [[nodiscard]] std::size_t steps() const noexcept { return applied_.plan().steps.size(); }
  /// REQUEST: as parse_helper_request() gives it. A socket that goes with the answer is in OPENED.
  [[nodiscard]] HelperAnswer answer(const HelperRequest& request, FileDescriptor& opened) noexcept;
  /// Undoes all that a killed tunnel has left. May be repeated.
  std::vector<UndoFailure> restore() noexcept { return applied_.undo(kLeftoverLockLimit); }

 private:
  void repair(const HelperRequest& request, HelperAnswer& answer);
  int follow_names();
  void undo(HelperAnswer& answer);
  FileDescriptor open_socket(const HelperRequest& request);

  AppliedPlan applied_;
  std::array<int, 2> indexes_{};  ///< of both ends' interfaces, by which they are known
};

}  // namespace tunrelay
