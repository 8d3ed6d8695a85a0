// SPDX-License-Identifier: MIT
// `tunrelay top`: a running relay on a terminal, looked at and changed in place.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "cli/top_session.hpp"
#include "config/flag_group.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "os/signal_watch.hpp"
#include "top/top_screen.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kMinIntervalNs = 100 * kNanosecondsPerMillisecond;
constexpr std::int64_t kMaxIntervalNs = 60 * kNanosecondsPerSecond;

struct TopFlags {
  std::string control_socket;
  std::string interval = "500ms";
};

std::int64_t interval_ns_of(const TopFlags& flags) {
  const std::int64_t interval_ns = parse_duration_ns(flags.interval);
  if (interval_ns < kMinIntervalNs || interval_ns > kMaxIntervalNs)
    throw_usage_error("look every", flags.interval, "it is not within 100 ms and 60 s");
  return interval_ns;
}

/// Until the user leaves: empty. Or what has ended it.
std::string show(ControlClient& relay, TopSession& session) {
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  TopScreen screen(standard_output_style().colour,
                   "`tunrelay link show` and `tunrelay record` need no terminal");
  for (;;) {
    try {
      if (!session.take_turn(screen)) return "";
    } catch (const Error& error) {
      if (error.system_errno() != ECONNRESET && error.system_errno() != EPIPE) throw;
      return "the relay has ended";
    }
    std::array<pollfd, 3> watched{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = signals.fd(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = relay.fd(), .events = POLLIN, .revents = 0}};
    const std::int64_t left_ns = std::max<std::int64_t>(session.due_ns() - monotonic_ns(), 0);
    ::poll(watched.data(), watched.size(),
           static_cast<int>(left_ns / kNanosecondsPerMillisecond) + 1);
    if (signals.next() || (watched[0].revents & (POLLHUP | POLLERR)) != 0) return "";
    if (watched[2].revents != 0) return "the relay has ended";
  }
}

int top(const TopFlags& flags) {
  const std::int64_t interval_ns = interval_ns_of(flags);
  ControlClient relay(find_control(flags.control_socket));
  TopSession session(
      [&relay](const nlohmann::json& request, int passed) { return relay.call(request, passed); },
      interval_ns);
  const std::string ending = show(relay, session);
  if (!ending.empty()) fmt::print(stderr, "tunrelay: {}\n", ending);
  return 0;
}

}  // namespace

Subcommand add_top_command(CLI::App& app) {
  auto flags = std::make_shared<TopFlags>();
  CLI::App* command = app.add_subcommand("top", "watch a running relay on a terminal");
  FlagGroup relay(*command, "Relay");
  relay.value("--interval", flags->interval, "TIME", "look that often, 100ms to 60s")
      ->capture_default_str();
  relay.value("--control-socket,--control", flags->control_socket, "PATH",
              "the running relay's socket [that of the only one]");
  command->footer(
      "Keys: s sorts flows, p pauses, a and b change a direction's stages, h helps, q quits.\n"
      "example: tunrelay top");
  return {command, [flags] { return top(*flags); }};
}

}  // namespace tunrelay
