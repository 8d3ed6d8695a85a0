// SPDX-License-Identifier: MIT
#include "route/helper/helper.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.hpp"
#include "route/model/host_state.hpp"
#include "route/watch/plan_check.hpp"

namespace tunrelay {

Helper::Helper(const Plan& plan, std::unique_ptr<Journal> journal)
    : applied_(plan, std::move(journal), plan.steps) {
  const std::array<const TunnelEnd*, 2> ends{&plan.ends.a, &plan.ends.b};
  for (std::size_t end = 0; end < ends.size(); ++end)
    if (const auto reading =
            read_interface(applied_.applier().socket(ends.at(end)->netns), ends.at(end)->device))
      indexes_.at(end) = reading->interface.index;
  applied_.applier().close_sockets();
}

void Helper::begin() {
  applied_.applier().close_sockets();
  applied_.read_journal_again();
  static_cast<void>(follow_names());
}

HelperAnswer Helper::answer(const HelperRequest& request, FileDescriptor& opened) noexcept {
  HelperAnswer answer{.number = request.number};
  try {
    switch (request.kind) {
      case HelperRequestKind::kRepair:
        repair(request, answer);
        break;
      case HelperRequestKind::kFollowNames:
        answer.system_errno = static_cast<std::uint32_t>(follow_names());
        break;
      case HelperRequestKind::kUndo:
        undo(answer);
        break;
      case HelperRequestKind::kOpenSocket:
        opened = open_socket(request);
        break;
      default:
        answer.system_errno = EINVAL;
    }
  } catch (const Error& error) {
    answer.system_errno =
        static_cast<std::uint32_t>(error.system_errno() != 0 ? error.system_errno() : EIO);
  } catch (const std::exception&) {
    answer.system_errno = ENOMEM;
  }
  return answer;
}

void Helper::repair(const HelperRequest& request, HelperAnswer& answer) {
  const Plan& plan = applied_.plan();
  // What is there now, not what who asks says: a step that stands is not touched.
  const PlanReading reading = read_places(plan, applied_.applier());
  const std::vector<std::size_t> broken = find_broken_steps(plan, reading);
  for (; answer.count < request.count; ++answer.count) {
    HelperOutcome& outcome = answer.outcomes.at(answer.count);
    outcome.step = request.steps.at(answer.count);
    const Step& step = plan.steps.at(outcome.step);
    const bool is_broken = std::find(broken.begin(), broken.end(), outcome.step) != broken.end();
    const int error =
        is_broken ? repair_step(plan, step, reading.at(step.netns), applied_.applier()) : EALREADY;
    outcome.system_errno = static_cast<std::uint16_t>(error);
  }
}

int Helper::follow_names() {
  int first_error = 0;
  for (std::size_t at = 0; at < indexes_.size(); ++at) {
    const TunnelEnds& ends = applied_.plan().ends;
    const TunnelEnd end = at == 0 ? ends.a : ends.b;
    for (const Interface& interface : read_interfaces(applied_.applier().socket(end.netns))) {
      if (interface.index != indexes_.at(at) || interface.name == end.device) continue;
      const int error = applied_.follow_rename(end.device, interface.name);
      if (first_error == 0) first_error = error;
    }
  }
  return first_error;
}

void Helper::undo(HelperAnswer& answer) {
  const auto& steps = applied_.plan().steps;
  for (const UndoFailure& failure : applied_.undo()) {
    if (answer.count == answer.outcomes.size()) return;
    const auto step = std::find(steps.begin(), steps.end(), failure.step);
    answer.outcomes.at(answer.count++) = {
        .step = static_cast<std::uint16_t>(step - steps.begin()),
        .system_errno = static_cast<std::uint16_t>(failure.system_errno)};
  }
}

FileDescriptor Helper::open_socket(const HelperRequest& request) {
  const TunnelEnds& ends = applied_.plan().ends;
  return open_end_socket((request.end == 0 ? ends.a : ends.b).netns, request.socket);
}

}  // namespace tunrelay
