// SPDX-License-Identifier: MIT
#include "engine/epoll_set.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {

EpollSet::EpollSet(Counter& system_calls)
    : system_calls_(system_calls),
      epoll_(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "create", "an epoll set")) {
  // Nothing is watched yet, so whatever fails here is the call itself: ENOSYS before Linux 5.11,
  // EPERM under a seccomp filter that is older than the call.
  std::array<epoll_event, 1> none{};
  has_pwait2_ = wait_precisely(0, none) >= 0;
  if (!has_pwait2_)
    check_system_call(wait_by_ppoll(0, none), "wait for", "queues by epoll",
                      "allow epoll_wait() and ppoll() in the seccomp profile");
}

void EpollSet::add(int fd, std::uint32_t tag) {
  epoll_event event{.events = EPOLLIN, .data = {.u32 = tag}};
  check_system_call(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "watch",
                    "a queue by epoll");
}

void EpollSet::remove(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::size_t EpollSet::wait(std::int64_t wait_ns, std::span<epoll_event> ready) noexcept {
  const int count = has_pwait2_ ? wait_precisely(wait_ns, ready) : wait_by_ppoll(wait_ns, ready);
  if (count >= 0) return static_cast<std::size_t>(count);
  ensure_errno(errno == EINTR, errno, "wait for queues by epoll");
  return 0;
}

int EpollSet::wait_precisely(std::int64_t wait_ns, std::span<epoll_event> ready) noexcept {
  system_calls_.add(1);
  const timespec limit = to_timespec(std::max<std::int64_t>(wait_ns, 0));
  return ::epoll_pwait2(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
                        wait_ns < 0 ? nullptr : &limit, nullptr);
}

int EpollSet::wait_by_ppoll(std::int64_t wait_ns, std::span<epoll_event> ready) noexcept {
  // epoll_wait() counts milliseconds; an epoll set is itself readable when one of its own is.
  if (wait_ns != 0) {
    system_calls_.add(1);
    pollfd set{.fd = epoll_.get(), .events = POLLIN, .revents = 0};
    const timespec limit = to_timespec(std::max<std::int64_t>(wait_ns, 0));
    if (const int count = ::ppoll(&set, 1, wait_ns < 0 ? nullptr : &limit, nullptr); count <= 0)
      return count;
  }
  system_calls_.add(1);
  return ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), 0);
}

}  // namespace tunrelay
