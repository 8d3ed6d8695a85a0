// SPDX-License-Identifier: MIT
// Threads that are started together, stopped together, and joined.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace tunrelay {

/// Threads with a flag that stops them. Ended at the latest by the destructor.
class ThreadGroup {
 public:
  ThreadGroup() = default;
  ~ThreadGroup() { join(); }
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  /// Runs WORK on a thread of its own, pinned to the next of CPUS (none: anywhere). Signals are
  /// left to the thread that waits for them.
  template <typename Work>
  void add(const std::vector<int>& cpus, const char* name, Work work);
  [[nodiscard]] const std::atomic<bool>& stop() const noexcept { return stop_; }
  void ask_to_stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  void join() noexcept;
  /// How many are at work still.
  [[nodiscard]] std::size_t running() const noexcept {
    return running_.load(std::memory_order_acquire);
  }

 private:
  static void prepare_thread(const std::vector<int>& cpus, std::size_t number, const char* name);

  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> running_{0};
  std::vector<std::thread> threads_;
};

template <typename Work>
void ThreadGroup::add(const std::vector<int>& cpus, const char* name, Work work) {
  running_.fetch_add(1, std::memory_order_relaxed);
  threads_.emplace_back([this, &cpus, number = threads_.size(), name, work]() mutable {
    prepare_thread(cpus, number, name);
    work();
    running_.fetch_sub(1, std::memory_order_release);
  });
}

}  // namespace tunrelay
