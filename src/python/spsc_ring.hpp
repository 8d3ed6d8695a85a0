// SPDX-License-Identifier: MIT
// A ring of fixed size between one thread that writes and one that reads; neither ever waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace tunrelay::python {

template <typename Value>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity) : slots_(capacity + 1) {}

  /// False when it is full. The writer's thread.
  bool push(Value value) noexcept {
    const std::size_t at = write_.load(std::memory_order_relaxed);
    const std::size_t next = (at + 1) % slots_.size();
    if (next == read_.load(std::memory_order_acquire)) return false;
    slots_[at] = value;
    // Sequentially consistent: see Endpoint::publish().
    write_.store(next, std::memory_order_seq_cst);
    return true;
  }
  /// False when it is empty. The reader's thread.
  bool pop(Value& value) noexcept {
    const std::size_t at = read_.load(std::memory_order_relaxed);
    if (at == write_.load(std::memory_order_acquire)) return false;
    value = slots_[at];
    read_.store((at + 1) % slots_.size(), std::memory_order_seq_cst);
    return true;
  }
  [[nodiscard]] bool empty() const noexcept {
    return read_.load(std::memory_order_seq_cst) == write_.load(std::memory_order_seq_cst);
  }

 private:
  std::vector<Value> slots_;
  alignas(64) std::atomic<std::size_t> write_ = 0;
  alignas(64) std::atomic<std::size_t> read_ = 0;
};

}  // namespace tunrelay::python
