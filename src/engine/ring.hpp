// SPDX-License-Identifier: MIT
// An io_uring with the flags that this relay wants, as a value that owns it.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <span>

namespace tunrelay {

/// A ring may be used only by the thread that made it (IORING_SETUP_SINGLE_ISSUER).
class Ring {
 public:
  /// Single issuer, deferred task work: completions appear only inside our own system call,
  /// so nothing interrupts the worker (io_uring_setup(2)). FILES become fixed files 0, 1, ...
  /// BEGINS_DISABLED: it takes nothing before enable_restricted(). Throws Error.
  Ring(unsigned submission_entries, unsigned completion_entries, std::span<const int> files,
       bool begins_disabled = false);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] io_uring* get() noexcept { return &ring_; }
  /// Of a ring that began disabled: from now on it does what this relay needs on its fixed files,
  /// and nothing else, whoever writes its entries (io_uring_register_restrictions(3)). Returns 0 or
  /// the errno with which that was refused; it is enabled all the same. Throws Error.
  [[nodiscard]] int enable_restricted();
  /// An empty submission entry, or null when the queue is full.
  [[nodiscard]] io_uring_sqe* next_entry() noexcept { return io_uring_get_sqe(&ring_); }
  /// Submits all entries without waiting.
  void submit() noexcept;
  /// Submits all entries and runs the deferred work, waiting at most WAIT_NS for a completion
  /// (0: not at all, negative: without limit), in one system call.
  void submit_and_wait(std::int64_t wait_ns) noexcept;
  [[nodiscard]] bool overflowed() const noexcept { return io_uring_cq_has_overflow(&ring_); }

  /// Whether the next system call will find completions.
  [[nodiscard]] bool has_work() const noexcept {
    constexpr unsigned kWork = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & kWork) != 0 ||
           io_uring_cq_ready(&ring_) != 0;
  }

  /// Visits and consumes all completions.
  template <typename Visit>
  void reap(Visit visit) noexcept {
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      visit(*completion);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
  }

 private:
  io_uring ring_{};
};

}  // namespace tunrelay
