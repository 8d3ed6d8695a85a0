// SPDX-License-Identifier: MIT
// Messages from many threads to one: a queue that never blocks, and a wake-up for a receiver
// that sleeps.
#pragma once

#include <concurrentqueue.h>

#include <atomic>
#include <cstddef>

#include "base/ensure.hpp"
#include "os/event_fd.hpp"

namespace tunrelay {

/// What one thread posts arrives in its order. WAKE is the descriptor that ends the receiver's
/// wait; it must outlive the mailbox.
template <typename Message>
class Mailbox {
 public:
  /// Room for CAPACITY messages is made at once; post() fails rather than make more.
  Mailbox(std::size_t capacity, const EventFd& wake) : queue_(capacity), wake_(wake) {}

  /// Any thread. False when the mailbox is full.
  [[nodiscard]] bool post(const Message& message) noexcept {
    if (!queue_.try_enqueue(message)) return false;
    announce();
    return true;
  }
  /// Any thread: for messages whose number is bounded otherwise. Makes room where it is short.
  void post_always(const Message& message) {
    ensure(queue_.enqueue(message), "a mailbox finds memory");
    announce();
  }

  /// The receiver's thread: up to COUNT messages into MESSAGES; how many there were.
  std::size_t take(Message* messages, std::size_t count) noexcept {
    // Cleared before the look: a message that comes later wakes again. An exchange, so that
    // what was posted before it is seen by the look.
    waiting_.exchange(false, std::memory_order_acq_rel);
    const std::size_t taken = queue_.try_dequeue_bulk(messages, count);
    if (taken == count) waiting_.store(true, std::memory_order_release);
    return taken;
  }

  /// Whether something was posted since the last take().
  [[nodiscard]] bool waiting() const noexcept { return waiting_.load(std::memory_order_acquire); }

 private:
  void announce() noexcept {
    // Only the first message since the receiver last looked needs to wake it.
    if (!waiting_.exchange(true, std::memory_order_acq_rel)) wake_.signal();
  }

  moodycamel::ConcurrentQueue<Message> queue_;
  const EventFd& wake_;
  std::atomic<bool> waiting_{false};
};

}  // namespace tunrelay
