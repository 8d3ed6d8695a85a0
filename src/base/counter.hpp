// SPDX-License-Identifier: MIT
// A count with one writer and any number of readers.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/tally.hpp"

namespace tunrelay {

/// A plain add for the writer, an untorn value for readers. Cheaper than fetch_add, which
/// would lock the cache line.
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): a move is a copy
class Counter {
 public:
  Counter() = default;
  /// Has OTHER's count of this moment.
  Counter(const Counter& other) noexcept : value_(other.get()) {}
  Counter& operator=(const Counter& other) noexcept {
    set(other.get());
    return *this;
  }

  void add(std::uint64_t amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  /// To VALUE where that is more.
  void raise(std::uint64_t value) noexcept {
    if (value > get()) set(value);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The three quantities of a Tally; a reader may see one of them a packet ahead of another.
class TallyCounter {
 public:
  void add(const Tally& amount) noexcept {
    packets_.add(amount.packets);
    segments_.add(amount.segments);
    bytes_.add(amount.bytes);
  }
  /// Of what was added before.
  void subtract(const Tally& amount) noexcept { set(get() - amount); }
  void set(const Tally& value) noexcept {
    packets_.set(value.packets);
    segments_.set(value.segments);
    bytes_.set(value.bytes);
  }
  [[nodiscard]] Tally get() const noexcept {
    return {packets_.get(), segments_.get(), bytes_.get()};
  }

 private:
  Counter packets_;
  Counter segments_;
  Counter bytes_;
};

}  // namespace tunrelay
