// SPDX-License-Identifier: MIT
#include "route/apply/undo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"

namespace tunrelay {
namespace {

bool is_still_needed(const Step& step, const std::vector<Step>& siblings) {
  return step.shared && std::any_of(siblings.begin(), siblings.end(), [&step](const Step& other) {
           return other.shared && other.change == step.change;
         });
}

/// Whether an administrator's interface could not be taken out of the namespace: deleting that
/// would destroy the interface.
bool holds_foreign_device(const DeleteNamespace& undo, const std::vector<UndoFailure>& failures) {
  return std::any_of(failures.begin(), failures.end(), [&undo](const UndoFailure& failure) {
    const auto* back = std::get_if<MoveInterface>(&failure.step.undo);
    return back != nullptr && back->source_netns == undo.name;
  });
}

}  // namespace

std::string UndoFailure::to_string() const {
  if (!message.empty()) return message;
  const ChangeText text = describe(step.undo);
  return fmt::format("could not {} {}: {}", text.attempt, text.object,
                     describe_errno(system_errno));
}

std::vector<UndoFailure> undo_steps(Applier& applier, std::span<const Step> steps,
                                    const std::vector<Step>& siblings) {
  std::vector<UndoFailure> failures;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (is_still_needed(*step, siblings)) continue;
    const auto* deletion = std::get_if<DeleteNamespace>(&step->undo);
    const bool would_destroy = deletion != nullptr && holds_foreign_device(*deletion, failures);
    const int error = would_destroy ? EBUSY : applier.undo(*step);
    if (error != 0) failures.push_back({.step = *step, .system_errno = error});
  }
  return failures;
}

}  // namespace tunrelay
