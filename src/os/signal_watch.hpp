// SPDX-License-Identifier: MIT
// Signals as something to poll for: blocked for the process, read from a descriptor.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <optional>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Blocks the signals in the calling thread, and so in every thread made afterwards; to be
/// made before any. The mask is put back by the destructor, and signals that wait then are gone.
class SignalWatch {
 public:
  /// Throws Error.
  SignalWatch(std::initializer_list<int> signals);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Readable when a signal waits.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The next signal that waits, without blocking.
  [[nodiscard]] std::optional<int> next() const noexcept;
  /// For a forked child, before it runs another program: the mask from before the watch.
  void restore_mask_in_child() const noexcept;

 private:
  sigset_t former_mask_{};
  FileDescriptor fd_;
};

/// The signals on which a relay stops in good order.
inline constexpr std::initializer_list<int> kStopSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

}  // namespace tunrelay
