// SPDX-License-Identifier: MIT
#include "cli/remote_output.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

// How often we check whether it goes on: a reader may have gone, a disk may be full.
constexpr int kAskIntervalMs = 500;

}  // namespace

std::int64_t end_of(const std::string& duration) {
  return duration.empty() ? INT64_MAX : monotonic_ns() + parse_duration_ns(duration);
}

nlohmann::json wait_until_written(ControlClient& relay, const std::string& what,
                                  const SignalWatch& signals, std::int64_t end_ns, int pipe) {
  for (;;) {
    std::array<pollfd, 3> watched{pollfd{.fd = signals.fd(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = relay.fd(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = pipe, .events = 0, .revents = 0}};
    const std::int64_t left_ms = (end_ns - monotonic_ns()) / kNanosecondsPerMillisecond;
    ::poll(watched.data(), watched.size(),
           static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, kAskIntervalMs)));
    if (signals.next() || monotonic_ns() >= end_ns || watched[2].revents != 0)
      return relay.call({{"method", what + "_stop"}}).at(what);
    nlohmann::json report = relay.call({{"method", what + "_report"}}).at(what);
    if (!report.at("failure").get<std::string>().empty()) return report;
  }
}

}  // namespace tunrelay
