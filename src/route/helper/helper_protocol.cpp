// SPDX-License-Identifier: MIT
#include "route/helper/helper_protocol.hpp"

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>

#include "base/clock.hpp"
#include "os/passed_descriptor.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {
namespace {

bool has_no_end(const HelperRequest& request) {
  return request.end == 0 && request.socket == EndSocket::kNone;
}

/// COUNT steps of the plan, each once, and nothing behind them.
bool names_steps_of_a_plan(const HelperRequest& request, std::size_t plan_steps) {
  const std::span<const std::uint16_t> all(request.steps);
  if (request.count > all.size()) return false;
  const auto named = all.first(request.count);
  const auto rest = all.subspan(request.count);
  return std::all_of(rest.begin(), rest.end(), [](std::uint16_t step) { return step == 0; }) &&
         std::adjacent_find(named.begin(), named.end(), std::greater_equal<>()) == named.end() &&
         (named.empty() || named.back() < plan_steps);
}

bool makes_sense(const HelperRequest& request, std::size_t plan_steps) {
  using Kind = HelperRequestKind;
  const bool has_plan = plan_steps != 0;
  if (request.number == 0 || !names_steps_of_a_plan(request, plan_steps)) return false;
  switch (request.kind) {
    case Kind::kTakeJournal:
    case Kind::kTakePlan:
      return !has_plan && request.count == 0 && has_no_end(request);
    case Kind::kDismiss:
      return request.count == 0 && has_no_end(request);
    case Kind::kFollowNames:
    case Kind::kUndo:
      return has_plan && request.count == 0 && has_no_end(request);
    case Kind::kRepair:
      return has_plan && request.count != 0 && has_no_end(request);
    case Kind::kOpenSocket:
      return has_plan && request.count == 0 && request.end <= 1 &&
             request.socket >= EndSocket::kRoutes && request.socket <= EndSocket::kIpv6;
  }
  return false;
}

int send_bytes(const FileDescriptor& socket, const void* bytes, std::size_t count,
               int passed) noexcept {
  const std::string_view message(static_cast<const char*>(bytes), count);
  int error = 0;
  const auto is_over = [&] {
    const ssize_t sent = send_with_descriptor(socket, message, passed);
    error = sent == static_cast<ssize_t>(count) ? 0 : errno;
    return error == 0 || error == EPIPE || error == ECONNRESET || error == ENOTCONN;
  };
  static_cast<void>(
      wait_until(is_over, kNanosecondsPerSecond / 2, 10 * kNanosecondsPerMillisecond));
  return error;
}

}  // namespace

std::optional<HelperRequest> parse_helper_request(std::span<const std::byte> bytes,
                                                  std::size_t plan_steps) {
  HelperRequest request;
  if (bytes.size() != sizeof request) return std::nullopt;
  std::memcpy(&request, bytes.data(), sizeof request);
  if (!makes_sense(request, plan_steps)) return std::nullopt;
  return request;
}

int send_message(const FileDescriptor& socket, const HelperRequest& request, int passed) noexcept {
  return send_bytes(socket, &request, sizeof request, passed);
}

int send_message(const FileDescriptor& socket, const HelperAnswer& answer, int passed) noexcept {
  return send_bytes(socket, &answer, sizeof answer, passed);
}

}  // namespace tunrelay
