// SPDX-License-Identifier: MIT
// Which queues can be read: an epoll set with waits of nanoseconds, also on kernels without
// epoll_pwait2() (before Linux 5.11) and under filters that refuse it.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/counter.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Not thread-safe.
class EpollSet {
 public:
  /// SYSTEM_CALLS counts each call of wait(), and must outlive the set. Throws Error.
  explicit EpollSet(Counter& system_calls);

  /// FD's readiness to be read is reported with TAG in epoll_event::data.u32. Throws Error.
  void add(int fd, std::uint32_t tag);
  /// FD is reported no more.
  void remove(int fd) noexcept;

  /// Waits at most WAIT_NS (0: not at all, negative: without limit) and fills the front of READY;
  /// returns how many are ready, 0 also when a signal came. An errno that no rule here knows ends
  /// the program: a relay that took it for "nothing" would spin and move no packet.
  std::size_t wait(std::int64_t wait_ns, std::span<epoll_event> ready) noexcept;

 private:
  int wait_precisely(std::int64_t wait_ns, std::span<epoll_event> ready) noexcept;
  int wait_by_ppoll(std::int64_t wait_ns, std::span<epoll_event> ready) noexcept;

  Counter& system_calls_;
  FileDescriptor epoll_;
  bool has_pwait2_ = true;
};

}  // namespace tunrelay
