// SPDX-License-Identifier: MIT
// Signals held back from a thread: for good, or for a while.
#pragma once

#include <signal.h>

namespace tunrelay {

/// From now on no signal comes to the calling thread, nor to those that it makes, but what their
/// own instructions raise: held back, that would end the process past its handlers. Returns the
/// mask from before. A thread of ours begins with it: the process's signals are for whoever waits
/// for them.
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
