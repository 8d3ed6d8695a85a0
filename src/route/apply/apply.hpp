// SPDX-License-Identifier: MIT
// A plan that is carried out: it stands as long as this object lives.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "route/apply/applier.hpp"
#include "route/apply/journal.hpp"
#include "route/apply/plan_keeper.hpp"
#include "route/apply/route_lock.hpp"
#include "route/apply/undo.hpp"
#include "route/plan/plan.hpp"

namespace tunrelay {

/// For tests: called with each step's number. What they throw ends the application.
struct ApplyHooks {
  std::function<void(std::size_t)> before_change{};  ///< it is in the journal
  std::function<void(std::size_t)> after_change{};   ///< it is in the kernel
};

/// Not thread-safe. Works in the network namespace in which it was made.
class AppliedPlan {
 public:
  /// Carries out the steps one by one, each written to the journal first. When one fails, those
  /// before it are undone, and an Error names the step, its object and the kernel's answer.
  /// JOURNAL may be null where nothing outlives the process anyway, as in a private namespace.
  /// Where other tunnels are, plan_and_apply() is safe.
  AppliedPlan(Plan plan, std::unique_ptr<Journal> journal, const ApplyHooks& hooks = {});
  /// A plan that another process has applied; JOURNAL has its steps. Throws Error.
  AppliedPlan(Plan plan, std::unique_ptr<Journal> journal, std::vector<Step> done);
  /// What another process of that kind may have done since it was made. Throws Error.
  void read_journal_again();
  /// Undoes what is not undone yet.
  ~AppliedPlan();
  AppliedPlan(const AppliedPlan&) = delete;
  AppliedPlan& operator=(const AppliedPlan&) = delete;

  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }
  [[nodiscard]] Applier& applier() noexcept { return applier_; }

  /// From here on KEEPER changes the network, which must outlive this, and this process needs no
  /// right to do that. It gets the journal too, which this process can't write to any more. Where
  /// nobody answers there later, this process tries it itself. Throws Error: it does not take them.
  void hand_over(PlanKeeper& keeper);
  /// Who changes the network; null: this process.
  [[nodiscard]] PlanKeeper* keeper() const noexcept;
  /// Who opens sockets at the ends; empty: this process.
  [[nodiscard]] EndSocketSource sockets() const;

  /// Undoes everything, the last step first, and takes the journal away when nothing is left.
  /// Returns what could not be undone: that stays in the journal. May be called again. LOCK_LIMIT:
  /// how long it waits for other tunnels that start or end.
  std::vector<UndoFailure> undo(std::chrono::milliseconds lock_limit = kRouteLockLimit) noexcept;
  /// Leaves everything as it is, for good: with a persistent journal, until `routes remove`.
  void release() noexcept;

  /// Rules name interfaces; after a rename they have to name them again. Returns 0 or an errno.
  [[nodiscard]] int follow_rename(const std::string& former_name, const std::string& name) noexcept;

 private:
  void apply(const ApplyHooks& hooks);
  std::vector<UndoFailure> undo_locked() noexcept;
  void carry_out(const Step& step, std::size_t number, const ApplyHooks& hooks);
  [[noreturn]] void refuse(const Step& step, int error) const;
  int rename_in_rule(Step& step, const std::string& name);
  std::vector<UndoFailure> have_it_undone();

  PlanKeeper* keeper_ = nullptr;
  Plan plan_;
  std::unique_ptr<Journal> journal_;
  Applier applier_;
  std::vector<Step> done_;  ///< to be undone, in the order in which they were done
};

/// Looks at what is there, plans for it beside the tunnels that JOURNAL's directory names, and
/// applies, while no other tunnel of this namespace does: so that some can start at once. Throws
/// Error: a conflict, or as AppliedPlan.
std::unique_ptr<AppliedPlan> plan_and_apply(PlanRequest request, std::unique_ptr<Journal> journal,
                                            const ApplyHooks& hooks = {});

}  // namespace tunrelay
