// SPDX-License-Identifier: MIT
// The most that a value was of late, in one to two periods of time: what memory is kept for. A
// queue before a TCP that probes its path goes up and down each round trip; memory that followed it
// down would be faulted in again within milliseconds.
#pragma once

#include <algorithm>
#include <cstddef>

namespace tunrelay {

/// Not thread-safe.
class RecentPeak {
 public:
  void raise(std::size_t value) noexcept { this_period_ = std::max(this_period_, value); }
  /// Begins a period, with the value as it is.
  void begin_period(std::size_t value) noexcept {
    last_period_ = this_period_;
    this_period_ = value;
  }
  /// Of this period and the last one.
  [[nodiscard]] std::size_t get() const noexcept { return std::max(last_period_, this_period_); }

 private:
  std::size_t last_period_ = 0;
  std::size_t this_period_ = 0;
};

}  // namespace tunrelay
