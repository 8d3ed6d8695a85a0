// SPDX-License-Identifier: MIT
#include "route/helper/helper_link.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/attachment.hpp"
#include "os/momentary.hpp"
#include "os/passed_descriptor.hpp"
#include "route/apply/route_lock.hpp"
#include "route/helper/plan_text.hpp"

namespace tunrelay {
namespace {

// Undoing may have to wait for other tunnels of this host that start or end.
constexpr std::int64_t kUndoLimitNs =
    std::chrono::nanoseconds(kRouteLockLimit).count() + 5 * kNanosecondsPerSecond;
constexpr std::int64_t kDismissLimitNs = 5 * kNanosecondsPerSecond;
constexpr const char* kHelper = "the helper process";

}  // namespace

bool HelperLink::send(const HelperRequest& request, int passed) noexcept {
  return send_message(socket_, request, passed) == 0;
}

std::optional<HelperAnswer> HelperLink::receive(std::int64_t time_ns,
                                                FileDescriptor& received) noexcept {
  for (;;) {
    HelperAnswer answer;
    const ssize_t count =
        receive_with_descriptor(socket_, reinterpret_cast<char*>(&answer), sizeof answer, received);
    if (count == static_cast<ssize_t>(sizeof answer)) return answer;
    const int error = count < 0 ? errno : 0;
    if (error != EAGAIN && !is_momentary(error)) {
      is_there_ = false;
      return std::nullopt;
    }
    if (error != EAGAIN && monotonic_ns() >= time_ns) return std::nullopt;
    const timespec left = to_timespec(std::max<std::int64_t>(0, time_ns - monotonic_ns()));
    pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::ppoll(&wait, 1, &left, nullptr) == 0) return std::nullopt;
  }
}

std::optional<HelperAnswer> HelperLink::ask(HelperRequest request, int passed,
                                            FileDescriptor* received) noexcept {
  const std::lock_guard lock(mutex_);
  request.number = ++number_;
  const std::int64_t limit_ns = monotonic_ns() + kUndoLimitNs;
  bool is_sent = is_there_ && send(request, passed);
  while (is_sent) {
    FileDescriptor came;
    const auto answer = receive(limit_ns, came);
    if (!answer) return std::nullopt;
    if (answer->number == 0) {
      ++replaced_;
      is_sent = send(request, passed);
    } else if (answer->number == request.number) {
      if (received != nullptr) *received = std::move(came);
      return answer;
    }
  }
  is_there_ = false;
  return std::nullopt;
}

void HelperLink::require(const std::optional<HelperAnswer>& answer, const char* attempt) {
  if (!answer) throw_system_error(ECONNRESET, attempt, kHelper);
  if (answer->system_errno != 0)
    throw_system_error(static_cast<int>(answer->system_errno), attempt, kHelper);
}

void HelperLink::hand_over(const Plan& plan, const Journal* journal) {
  constexpr const char* kAttempt = "hand the routes over to";
  if (journal != nullptr)
    require(ask({.kind = HelperRequestKind::kTakeJournal}, journal->fd()), kAttempt);
  const FileDescriptor text = make_attachment(plan_text(plan));
  require(ask({.kind = HelperRequestKind::kTakePlan}, text.get()), kAttempt);
}

std::vector<int> HelperLink::repair(std::span<const std::size_t> steps) {
  std::vector<int> errors;
  while (!steps.empty()) {
    HelperRequest request{.kind = HelperRequestKind::kRepair};
    const auto some = steps.first(std::min(steps.size(), kMaxHelperSteps));
    steps = steps.subspan(some.size());
    for (const std::size_t step : some)
      request.steps.at(request.count++) = static_cast<std::uint16_t>(step);
    const auto answer = ask(request);
    for (std::size_t at = 0; at < some.size(); ++at)
      errors.push_back(!answer                     ? ECONNRESET
                       : answer->system_errno != 0 ? static_cast<int>(answer->system_errno)
                                                   : answer->outcomes.at(at).system_errno);
  }
  return errors;
}

int HelperLink::follow_names() {
  const auto answer = ask({.kind = HelperRequestKind::kFollowNames});
  return answer ? static_cast<int>(answer->system_errno) : ECONNRESET;
}

std::vector<LeftStep> HelperLink::undo() {
  std::vector<LeftStep> left;
  const auto answer = ask({.kind = HelperRequestKind::kUndo});
  if (!answer) return left;
  const std::size_t count = std::min<std::size_t>(answer->count, answer->outcomes.size());
  for (const HelperOutcome& outcome : std::span(answer->outcomes).first(count))
    left.push_back({.step = outcome.step, .system_errno = outcome.system_errno});
  return left;
}

FileDescriptor HelperLink::open_socket(std::uint8_t end, const std::string& netns, EndSocket kind) {
  FileDescriptor socket;
  const auto answer =
      ask({.kind = HelperRequestKind::kOpenSocket, .socket = kind, .end = end}, -1, &socket);
  // Nothing else that it does there can be missing.
  if (answer && answer->system_errno == ENOENT)
    throw_system_error(ENOENT, "open", "the network namespace " + netns);
  require(answer, "open a socket at an end of the tunnel by");
  return socket;
}

bool HelperLink::dismiss() noexcept {
  const std::lock_guard lock(mutex_);
  const std::int64_t limit_ns = monotonic_ns() + kDismissLimitNs;
  HelperRequest request{.number = ++number_, .kind = HelperRequestKind::kDismiss};
  FileDescriptor none;
  if (is_there_ && !send(request, -1)) is_there_ = false;
  // It may have been killed before it has read that.
  while (is_there_) {
    const auto note = receive(limit_ns, none);
    if (!note) break;
    if (note->number == 0 && !send(request, -1)) is_there_ = false;
  }
  return !is_there_;
}

bool HelperLink::is_there() noexcept {
  const std::lock_guard lock(mutex_);
  FileDescriptor none;
  // Notes that wait, or its end.
  while (is_there_) {
    const auto note = receive(0, none);
    if (!note) break;
    if (note->number == 0) ++replaced_;
  }
  return is_there_;
}

unsigned HelperLink::take_replaced() noexcept {
  static_cast<void>(is_there());
  const std::lock_guard lock(mutex_);
  return std::exchange(replaced_, 0);
}

}  // namespace tunrelay
