// SPDX-License-Identifier: MIT
// An eventfd: any thread may signal it, one thread waits for it.
#pragma once

#include "os/file_descriptor.hpp"

namespace tunrelay {

class EventFd {
 public:
  /// Non-blocking, close-on-exec. Throws Error.
  EventFd();

  /// Safe in any thread and in a signal handler.
  void signal() const noexcept;
  /// Takes the signals back; true when there were any.
  [[nodiscard]] bool drain() const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

}  // namespace tunrelay
