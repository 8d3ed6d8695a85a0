// SPDX-License-Identifier: MIT
#include "os/signal_watch.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.hpp"

namespace tunrelay {

SignalWatch::SignalWatch(std::initializer_list<int> signals) {
  sigset_t watched;
  ::sigemptyset(&watched);
  for (int signal : signals) ::sigaddset(&watched, signal);
  ::pthread_sigmask(SIG_BLOCK, &watched, &former_mask_);
  fd_ = FileDescriptor(
      check_system_call(::signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC), "watch", "signals"));
}

SignalWatch::~SignalWatch() {
  // One that came when all was said is answered by the end itself, with its exit code.
  while (next()) continue;
  ::pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

std::optional<int> SignalWatch::next() const noexcept {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void SignalWatch::restore_mask_in_child() const noexcept {
  ::pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

}  // namespace tunrelay
