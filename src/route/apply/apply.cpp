// SPDX-License-Identifier: MIT
#include "route/apply/apply.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/error_line.hpp"
#include "route/apply/route_lock.hpp"
#include "route/plan/preflight.hpp"

namespace tunrelay {
namespace {

const char* hint(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return "run as root, or with CAP_NET_ADMIN (and CAP_SYS_ADMIN for namespaces)";
    case EEXIST:
      return "another program has just added it: try again";
    case ESRCH:
    case ENOENT:
    case ENODEV:
      return "another program has just removed it: try again";
    default:
      return "";
  }
}

}  // namespace

AppliedPlan::AppliedPlan(Plan plan, std::unique_ptr<Journal> journal, const ApplyHooks& hooks)
    : plan_(std::move(plan)), journal_(std::move(journal)) {
  try {
    apply(hooks);
  } catch (...) {
    undo_locked();
    throw;
  }
}

AppliedPlan::AppliedPlan(Plan plan, std::unique_ptr<Journal> journal, std::vector<Step> done)
    : plan_(std::move(plan)), journal_(std::move(journal)), done_(std::move(done)) {}

void AppliedPlan::read_journal_again() {
  if (journal_) done_ = journal_->read_again();
}

AppliedPlan::~AppliedPlan() {
  undo();
}

void AppliedPlan::apply(const ApplyHooks& hooks) {
  done_.reserve(plan_.steps.size());
  for (std::size_t number = 0; number < plan_.steps.size(); ++number)
    carry_out(plan_.steps[number], number, hooks);
  if (journal_) journal_->mark_complete();
}

void AppliedPlan::carry_out(const Step& step, std::size_t number, const ApplyHooks& hooks) {
  const std::size_t index = journal_ ? journal_->record(step) : 0;
  // Before it is done, so that nothing that is thrown from here on can lose its undo.
  done_.push_back(step);
  if (hooks.before_change) hooks.before_change(number);
  const int error = applier_.perform(step);
  if (error != 0) {
    // It was not done, so it must not be undone: what is there is somebody else's.
    done_.pop_back();
    if (journal_) journal_->withdraw(index);
    refuse(step, error);
  }
  if (hooks.after_change) hooks.after_change(number);
}

void AppliedPlan::refuse(const Step& step, int error) const {
  const ChangeText text = describe(step.change);
  std::string answer = describe_errno(error);
  if (!applier_.kernel_message().empty()) answer += ", " + applier_.kernel_message();
  const bool is_known = *hint(error) != '\0';
  throw Error({.attempt = text.attempt,
               .object = text.object,
               .cause = std::move(answer),
               .hint = hint(error),
               .system_errno = error,
               .exit_code = is_known ? ExitCode::kUnsupported : ExitCode::kFailed});
}

void AppliedPlan::hand_over(PlanKeeper& keeper) {
  keeper.hand_over(plan_, journal_.get());
  keeper_ = &keeper;
  if (journal_) journal_->give_away();
}

PlanKeeper* AppliedPlan::keeper() const noexcept {
  return keeper_ != nullptr && keeper_->is_there() ? keeper_ : nullptr;
}

EndSocketSource AppliedPlan::sockets() const {
  if (keeper_ == nullptr) return {};
  return [this](const std::string& netns, EndSocket kind) {
    PlanKeeper* present = keeper();
    if (present == nullptr) return open_end_socket(netns, kind);
    return present->open_socket(netns == plan_.ends.b.netns ? 1 : 0, netns, kind);
  };
}

std::vector<UndoFailure> AppliedPlan::have_it_undone() {
  std::vector<UndoFailure> failures;
  for (const LeftStep& left : keeper_->undo()) {
    UndoFailure failure{.system_errno = left.system_errno};
    if (left.step < plan_.steps.size())
      failure.step = plan_.steps[left.step];
    else  // its text does not come with it
      failure.message =
          fmt::format("could not undo all changes and remove the journal{}: {}",
                      journal_ ? " " + journal_->path() : "", describe_errno(left.system_errno));
    failures.push_back(std::move(failure));
  }
  return failures;
}

std::vector<UndoFailure> AppliedPlan::undo(std::chrono::milliseconds lock_limit) noexcept try {
  if (done_.empty() && !journal_) return {};  // undone, or to stay
  if (keeper() != nullptr) {
    auto failures = have_it_undone();
    // Nobody has done it where it has just gone.
    if (keeper() != nullptr) {
      if (failures.empty()) release();
      return failures;
    }
  }
  const FileDescriptor lock = lock_routes(lock_limit);
  return undo_locked();
} catch (const std::exception&) {
  return undo_locked();  // restoring the host matters more than the one step that is shared
}

std::vector<UndoFailure> AppliedPlan::undo_locked() noexcept {
  try {
    std::vector<Step> siblings;
    if (journal_) siblings = read_sibling_steps(journal_->directory(), journal_->name());
    auto failures = undo_steps(applier_, done_, siblings);
    if (!failures.empty()) return failures;
    done_.clear();
    const int error = journal_ ? journal_->destroy() : 0;
    if (error == 0)
      journal_.reset();
    else  // it is tried again, should there be another undo()
      failures.push_back({.system_errno = error,
                          .message = fmt::format("could not remove the journal {}: {}",
                                                 journal_->path(), describe_errno(error))});
    return failures;
  } catch (const Error& error) {
    // The directory is gone, or can't be read: the steps stay in the journal, if any.
    return {{.system_errno = error.system_errno(), .message = error_line(error)}};
  } catch (const std::exception&) {
    return {{.system_errno = ENOMEM, .message = "could not undo changes: out of memory (ENOMEM)"}};
  }
}

void AppliedPlan::release() noexcept {
  done_.clear();
  journal_.reset();
}

int AppliedPlan::follow_rename(const std::string& former_name, const std::string& name) noexcept {
  try {
    int first_error = keeper() != nullptr ? keeper_->follow_names() : 0;
    for (TunnelEnd* end : {&plan_.ends.a, &plan_.ends.b})
      if (end->device == former_name) end->device = name;
    for (Step& step : plan_.steps) {
      const auto* added = std::get_if<AddRule>(&step.change);
      if (added == nullptr || added->rule.iif != former_name) continue;
      const int error = rename_in_rule(step, name);
      if (first_error == 0) first_error = error;
    }
    return first_error;
  } catch (const std::exception&) {
    return EIO;
  }
}

int AppliedPlan::rename_in_rule(Step& step, const std::string& name) {
  Rule rule = std::get<AddRule>(step.change).rule;
  rule.iif = name;
  const Step renamed{.netns = step.netns, .change = AddRule{rule}, .undo = DeleteRule{rule}};
  if (keeper() != nullptr) {
    done_.push_back(renamed);
    step = renamed;
    return 0;
  }
  // The former rule is undone from the journal once more at the end, which finds nothing.
  if (journal_) journal_->record(renamed);
  const int error = applier_.perform(renamed);
  if (error != 0 && error != EEXIST) return error;
  done_.push_back(renamed);
  const int undone = applier_.undo(step);
  step = renamed;
  return undone;
}

std::unique_ptr<AppliedPlan> plan_and_apply(PlanRequest request, std::unique_ptr<Journal> journal,
                                            const ApplyHooks& hooks) {
  FileDescriptor lock;
  Plan plan;
  try {
    lock = lock_routes();
    if (journal) request.siblings = read_sibling_steps(journal->directory(), journal->name());
    plan = prepare_plan(request, read_host_state());
  } catch (...) {
    if (journal) journal->destroy();  // nothing was done
    throw;
  }
  return std::make_unique<AppliedPlan>(std::move(plan), std::move(journal), hooks);
}

}  // namespace tunrelay
