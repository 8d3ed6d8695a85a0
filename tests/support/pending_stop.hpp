// SPDX-License-Identifier: MIT
// A signal to stop that has come and waits, as in a program that watches for it.
#pragma once

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <stdexcept>

namespace tunrelay::test {

/// SIGTERM is pending for this process as long as it lives, unless somebody takes it. For tests of
/// a single thread.
class PendingStop {
 public:
  PendingStop() {
    ::sigemptyset(&term_);
    ::sigaddset(&term_, SIGTERM);
    if (::pthread_sigmask(SIG_BLOCK, &term_, &former_) != 0 || ::kill(::getpid(), SIGTERM) != 0)
      throw std::runtime_error("no signal");
  }
  ~PendingStop() {
    constexpr timespec kNow{};
    ::sigtimedwait(&term_, nullptr, &kNow);
    ::pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }
  PendingStop(const PendingStop&) = delete;
  PendingStop& operator=(const PendingStop&) = delete;

 private:
  sigset_t term_{};
  sigset_t former_{};
};

}  // namespace tunrelay::test
