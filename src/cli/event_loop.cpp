// SPDX-License-Identifier: MIT
#include "cli/event_loop.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/json_text.hpp"

namespace tunrelay {
namespace {

// A look at least that often, also when nothing is heard.
constexpr int kLookMs = 450;

}  // namespace

void EventLoop::report(const std::vector<TunnelEvent>& events) {
  for (const TunnelEvent& event : events) print(event);
}

void EventLoop::print(const TunnelEvent& event) {
  if (json_) {
    const nlohmann::json line{{"event", std::string(to_string(event.kind))}, {"text", event.text}};
    output_.print(json_text(line) + "\n");
  } else {
    errors_.print_wrapped(
        fmt::format("tunrelay: {}: {}\n", to_string(event.kind), clean_line(event.text)));
  }
}

/// A reader who reads again gets to know what it has missed.
void EventLoop::go_on_printing() {
  for (OutputQueue* queue : {&output_, &errors_}) queue->go_on();
  OutputQueue& events = json_ ? output_ : errors_;
  if (!events.is_empty()) return;
  if (const auto lines = output_.take_lost_lines() + errors_.take_lost_lines(); lines != 0)
    print({TunnelEvent::Kind::kNote,
           fmt::format("Nobody read what was printed; {} lines of it are lost.", lines)});
}

/// What a look takes (descriptors, memory) may be short for a while: packets cross all the same.
void EventLoop::look_after_tunnel() {
  news_.attempt([this] { report(tunnel_.attend()); },
                [this](const Error& error) {
                  report({{TunnelEvent::Kind::kNote,
                           std::string("The tunnel is not looked after now: ") + error.what()}});
                });
}

int EventLoop::wait_ms() const {
  if (guest_ == nullptr) return kLookMs;
  const std::int64_t left_ms = guest_->due_ns() / kNanosecondsPerMillisecond -
                               monotonic_ns() / kNanosecondsPerMillisecond + 1;
  return static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, kLookMs));
}

EventLoop::End EventLoop::until_signal(const SignalWatch& signals,
                                       const std::function<Answer(int)>& on_signal, int end_fd) {
  std::vector<pollfd> watched{{.fd = signals.fd(), .events = POLLIN, .revents = 0},
                              {.fd = end_fd, .events = POLLIN, .revents = 0},
                              {.fd = -1, .events = POLLIN, .revents = 0},  // the guest's
                              {.fd = -1, .events = POLLOUT, .revents = 0},
                              {.fd = -1, .events = POLLOUT, .revents = 0}};
  for (const int fd : tunnel_.poll_fds())
    watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  if (control_ != nullptr)
    watched.push_back({.fd = control_->fd(), .events = POLLIN, .revents = 0});
  if (metrics_ != nullptr)
    watched.push_back({.fd = metrics_->fd(), .events = POLLIN, .revents = 0});
  for (;;) {
    if (guest_ != nullptr) watched[2].fd = guest_->fd();
    watched[3].fd = output_.waiting_fd();
    watched[4].fd = errors_.waiting_fd();
    if (::poll(watched.data(), watched.size(), wait_ms()) < 0)
      for (pollfd& descriptor : watched) descriptor.revents = 0;
    while (const auto signal = signals.next())
      if (on_signal(*signal) == Answer::kStop) return End::kRequested;
    if (watched[1].revents != 0) return End::kRequested;
    look_after_tunnel();
    go_on_printing();
    if (manager_ != nullptr) manager_->alive();
    if (tunnel_.is_gone()) return End::kGone;
    if (control_ != nullptr) control_->serve();
    if (metrics_ != nullptr) metrics_->serve();
    if (guest_ != nullptr) guest_->take_turn(watched[2].revents);
  }
}

}  // namespace tunrelay
