// SPDX-License-Identifier: MIT
#include "embed/embedded_tunnel.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "config/tunnel_keys.hpp"
#include "embed/setup_reading.hpp"
#include "os/signal_block.hpp"
#include "tunnel/private_network.hpp"
#include "tunnel/tunnel_report_text.hpp"

namespace tunrelay {
namespace {

constexpr const char* kOpenAttempt = "open";
constexpr const char* kOpenObject = "a tunnel in this program";
constexpr std::uint32_t kKnownFlags =
    TUNRELAY_PRIVATE_NETWORK | TUNRELAY_NO_JANITOR | TUNRELAY_PRIVATE_THREAD;
// Looks at least that often, also when nothing is heard.
constexpr long kAttendIntervalNs = 450 * kNanosecondsPerMillisecond;

void refuse_what_is_unknown(const tunrelay_tunnel_setup& setup) {
  refuse_another_version(kOpenAttempt, kOpenObject, setup.abi_version);
  if ((setup.flags & ~kKnownFlags) != 0)
    throw_usage_error(kOpenAttempt, kOpenObject,
                      fmt::format("flags {:#x} are not all known", setup.flags));
  if ((setup.flags & TUNRELAY_PRIVATE_THREAD) != 0 && (setup.flags & TUNRELAY_PRIVATE_NETWORK) == 0)
    throw_usage_error(kOpenAttempt, kOpenObject,
                      "a thread's private network was requested without a private network");
}

/// A fork takes the locks that other threads hold with it, and a thread that is there already stays
/// in the network where it is.
void refuse_other_threads(bool is_private) {
  const auto threads = std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  if (threads > 1)
    throw_usage_error(kOpenAttempt, kOpenObject,
                      fmt::format("the process has {} threads already", threads),
                      is_private ? "open it before there are other threads"
                                 : "open it before there are other threads, or without a janitor");
}

TunnelOptions options_of(const tunrelay_tunnel_setup& setup, const TunnelFlags& flags) {
  TunnelOptions options = tunnel_options(flags);
  const std::vector<StageRequest> stages =
      built_in_stages(kOpenAttempt, kOpenObject, setup.stages, setup.stage_count);
  options.stages.insert(options.stages.begin(), stages.begin(), stages.end());
  options.janitor = (setup.flags & (TUNRELAY_NO_JANITOR | TUNRELAY_PRIVATE_THREAD)) == 0;
  return options;
}

}  // namespace

EmbeddedTunnel::EmbeddedTunnel(const tunrelay_tunnel_setup& setup)
    : on_event_(setup.on_event), event_context_(setup.context) {
  refuse_what_is_unknown(setup);
  TunnelFlags defaults;
  defaults.control_socket = "none";
  // Where the program changes its user, glibc does so in every thread (nptl(7)): a confined one
  // would end the program.
  defaults.sandbox = "off";
  const TunnelFlags flags =
      read_tunnel_keys(key_values(kOpenAttempt, kOpenObject, setup.options, setup.option_count),
                       std::move(defaults));
  TunnelOptions options = options_of(setup, flags);
  if (options.user)
    throw_usage_error(
        kOpenAttempt, kOpenObject,
        "the process is the program's, and not to become the user " + options.user->name,
        "leave `user` out, and have the program change its own user");
  const bool is_private = (setup.flags & TUNRELAY_PRIVATE_NETWORK) != 0;
  const bool is_thread_alone = (setup.flags & TUNRELAY_PRIVATE_THREAD) != 0;
  if ((is_private && !is_thread_alone) || options.janitor) refuse_other_threads(is_private);
  const ControlConfig config = control_config(flags.control_socket, options);
  if (!config.path.empty()) options.socket_paths.push_back(config.path);
  // Whoever asks for metrics is outside the private network, so the socket is made before.
  metrics_ = open_metrics(flags.metrics);
  const SignalBlock block;
  if (is_private) options.left_namespaces = enter_private_network(options.strategy);
  tunnel_ = std::make_unique<Tunnel>(std::move(options));
  tunnel_->start();
  service_ = std::make_unique<TunnelService>(*tunnel_);
  control_ = open_control(config, *service_);
  if (metrics_) metrics_->begin([this] { return tunnel_->report(); });
  make_waiting();
}

void EmbeddedTunnel::make_waiting() {
  timer_ = FileDescriptor(check_system_call(
      ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "make", "a timer"));
  constexpr timespec kInterval{.tv_sec = 0, .tv_nsec = kAttendIntervalNs};
  constexpr itimerspec kTimes{.it_interval = kInterval, .it_value = kInterval};
  check_system_call(::timerfd_settime(timer_.get(), 0, &kTimes, nullptr), "set", "a timer");
  waiting_ = FileDescriptor(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "make", "an epoll"));
  std::vector<int> heard = tunnel_->poll_fds();
  heard.insert(heard.end(), {stop_.fd(), timer_.get()});
  if (control_) heard.push_back(control_->fd());
  if (metrics_) heard.push_back(metrics_->fd());
  for (const int fd : heard) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    check_system_call(::epoll_ctl(waiting_.get(), EPOLL_CTL_ADD, fd, &event), "wait at",
                      "a descriptor of the tunnel");
  }
}

void EmbeddedTunnel::look() {
  const SignalBlock block;
  std::uint64_t times = 0;
  [[maybe_unused]] const ssize_t taken = ::read(timer_.get(), &times, sizeof times);
  for (const TunnelEvent& event : tunnel_->attend())
    if (on_event_ != nullptr)
      on_event_(event_context_, std::string(to_string(event.kind)).c_str(), event.text.c_str());
  if (control_) control_->serve();
  if (metrics_) metrics_->serve();
}

void EmbeddedTunnel::wait(std::int64_t until_ns) const {
  const std::int64_t left_ns = std::max<std::int64_t>(until_ns - monotonic_ns(), 0);
  const timespec limit{.tv_sec = left_ns / kNanosecondsPerSecond,
                       .tv_nsec = left_ns % kNanosecondsPerSecond};
  pollfd heard{.fd = waiting_.get(), .events = POLLIN, .revents = 0};
  // A signal ends the wait early, and its handler may have requested the stop.
  ::ppoll(&heard, 1, &limit, nullptr);
}

std::uint32_t EmbeddedTunnel::attend(std::int64_t deadline_ns) {
  refuse_when_stopped("attend to");
  for (;;) {
    look();
    if (tunnel_->is_gone()) return TUNRELAY_GONE;
    if (stop_requested_) return TUNRELAY_STOP_REQUESTED;
    if (monotonic_ns() >= deadline_ns) return TUNRELAY_DEADLINE;
    wait(deadline_ns);
  }
}

void EmbeddedTunnel::request_stop() noexcept {
  const int error = errno;
  stop_requested_ = true;
  stop_.signal();
  errno = error;
}

bool EmbeddedTunnel::check_path() {
  refuse_when_stopped("check the path of");
  const SignalBlock block;
  return tunnel_->check_path();
}

void EmbeddedTunnel::change_link(const char* a_to_b, const char* b_to_a) {
  refuse_when_stopped("change the link of");
  const SignalBlock block;
  tunrelay::change_link(*tunnel_, a_to_b, b_to_a);
}

const std::string& EmbeddedTunnel::request(const char* request, int fd) {
  refuse_when_stopped("answer a request to");
  const SignalBlock block;
  FileDescriptor passed;
  if (fd != -1)
    passed = FileDescriptor(check_system_call(::fcntl(fd, F_DUPFD_CLOEXEC, 0), "take",
                                              "the descriptor that goes with a request"));
  // A request of no known form is the caller's fault, and an answer as at the socket.
  const nlohmann::json parsed = nlohmann::json::parse(request, nullptr, false);
  if (!parsed.is_object() || !(parsed.contains("method") && parsed.at("method").is_string()))
    throw_usage_error("read", "a request", "it is not an object with a method");
  return answer_ = json_text(service_->answer(kProgramItself, parsed, std::move(passed)));
}

const std::string& EmbeddedTunnel::report_json() {
  const SignalBlock block;
  const char* event = waiting_.is_open() ? "counters" : "summary";
  return report_ = json_text(tunrelay::report_json(tunnel_->report(), event));
}

const std::string& EmbeddedTunnel::report_text() {
  const SignalBlock block;
  return report_ = summary_text(tunnel_->report());
}

void EmbeddedTunnel::stop() {
  const SignalBlock block;
  waiting_.reset();
  control_.reset();
  metrics_.reset();
  const std::vector<std::string> failures = tunnel_->stop();
  if (!failures.empty())
    throw Error({.attempt = "put back",
                 .object = "all that the tunnel has changed",
                 .cause = fmt::format("{}", fmt::join(failures, "; ")),
                 .hint = "tunrelay cleanup"});
}

void EmbeddedTunnel::refuse_when_stopped(const char* attempt) const {
  if (!waiting_.is_open()) throw_usage_error(attempt, "a tunnel", "it was stopped");
}

}  // namespace tunrelay
