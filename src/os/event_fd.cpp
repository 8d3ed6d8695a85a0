// SPDX-License-Identifier: MIT
#include "os/event_fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.hpp"

namespace tunrelay {

EventFd::EventFd()
    : fd_(check_system_call(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "create", "an eventfd")) {}

void EventFd::signal() const noexcept {
  const std::uint64_t one = 1;
  // The only failure is a counter that is full already, which wakes as well.
  [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

bool EventFd::drain() const noexcept {
  std::uint64_t count = 0;
  return ::read(fd_.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count);
}

}  // namespace tunrelay
