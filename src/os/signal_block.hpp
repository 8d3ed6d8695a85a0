// SPDX-License-Identifier: MIT
// Signals blocked for a thread: for good, or for a scope.
#pragma once

#include <signal.h>

namespace tunrelay {

/// Blocks all signals for the calling thread and the threads that it will make, but for those that
/// an instruction raises, such as SIGSEGV: blocked, they would end the process without running its
/// handlers. Returns the former mask. Each thread of ours begins with this call, since one place
/// alone waits for the process's signals (os/signal_watch.hpp).
inline sigset_t block_signals() noexcept {
  sigset_t all;
  sigset_t former;
  ::sigfillset(&all);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    ::sigdelset(&all, own);
  ::pthread_sigmask(SIG_BLOCK, &all, &former);
  return former;
}

/// The same as long as it lives; what came meanwhile comes then.
class SignalBlock {
 public:
  SignalBlock() noexcept : former_(block_signals()) {}
  ~SignalBlock() { ::pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  sigset_t former_;
};

}  // namespace tunrelay
