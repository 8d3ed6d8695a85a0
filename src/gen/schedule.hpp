// SPDX-License-Identifier: MIT
// When each message of a sending thread should go: fixed before the first one goes. A thread's
// messages stand at equal distances; threads stand between each other.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace tunrelay {

class Schedule {
 public:
  /// MESSAGES_PER_S of this thread alone, above 0. BEGIN_NS: of its first message.
  Schedule(std::int64_t begin_ns, double messages_per_s) noexcept
      : begin_ns_(begin_ns),
        distance_ns_(static_cast<double>(kNanosecondsPerSecond) / messages_per_s) {}

  /// Of the message NUMBER, from 0. Computed again each time, so that no error adds up: a double
  /// is exact to below 1 ns for 100 days.
  [[nodiscard]] std::int64_t due_ns(std::uint64_t number) const noexcept {
    return begin_ns_ + static_cast<std::int64_t>(static_cast<double>(number) * distance_ns_);
  }
  [[nodiscard]] double distance_ns() const noexcept { return distance_ns_; }

 private:
  std::int64_t begin_ns_;
  double distance_ns_;
};

}  // namespace tunrelay
