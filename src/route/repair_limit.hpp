// How often we repair what somebody else takes away: ten times at once, then once in five
// seconds. Two programs that each put "their" rules back must not fight at full speed.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace tunrelay {

class RepairLimit {
 public:
  static constexpr int kBurst = 10;
  static constexpr std::int64_t kIntervalNs = 5 * kNanosecondsPerSecond;

  /// Whether a repair is allowed at NOW_NS (CLOCK_MONOTONIC); counts it then.
  bool take(std::int64_t now_ns) noexcept {
    // The times at which past repairs are forgotten, as one number: each repair moves it on by
    // an interval, and it may be a burst ahead.
    const std::int64_t base_ns = std::max(forgotten_ns_, now_ns);
    if (base_ns - now_ns > (kBurst - 1) * kIntervalNs) return false;
    forgotten_ns_ = base_ns + kIntervalNs;
    return true;
  }

  /// When take() will say yes again, if it said no.
  [[nodiscard]] std::int64_t next_ns() const noexcept {
    return forgotten_ns_ - (kBurst - 1) * kIntervalNs;
  }

 private:
  std::int64_t forgotten_ns_ = 0;
};

}  // namespace tunrelay
