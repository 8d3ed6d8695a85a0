// SPDX-License-Identifier: MIT
// How often we repair what somebody else takes away. Two programs that each put "their" rules back
// must not fight at full speed, and what somebody has changed thirty times shall be whole again
// within two seconds of the last time. So: ten repairs at once, forgotten one a second; and beyond
// those one when nothing has changed for a while, which grows as long as repairs don't last.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace tunrelay {

/// Times are CLOCK_MONOTONIC.
class RepairLimit {
 public:
  static constexpr int kBurst = 10;
  static constexpr std::int64_t kIntervalNs = kNanosecondsPerSecond;
  static constexpr std::int64_t kMinQuietNs = 250 * kNanosecondsPerMillisecond;

  /// Whether a repair is allowed, when the last change was seen at CHANGED_NS.
  [[nodiscard]] bool allows(std::int64_t now_ns, std::int64_t changed_ns) const noexcept {
    return now_ns >= next_ns(changed_ns);
  }

  /// When a repair is allowed, if nothing changes after CHANGED_NS.
  [[nodiscard]] std::int64_t next_ns(std::int64_t changed_ns) const noexcept {
    return std::min(burst_ns(), changed_ns + quiet_ns_);
  }

  /// A repair was made.
  void count(std::int64_t now_ns) noexcept {
    // In a fight the next repair comes within an interval; after two of them the last one lasted.
    if (now_ns - repaired_ns_ >= 2 * kIntervalNs) quiet_ns_ = kMinQuietNs;
    if (now_ns >= burst_ns())
      forgotten_ns_ = std::max(forgotten_ns_, now_ns) + kIntervalNs;
    else
      quiet_ns_ = std::min(quiet_ns_ + kMinQuietNs, kIntervalNs);
    repaired_ns_ = now_ns;
  }

 private:
  /// From when on the burst allows one more.
  [[nodiscard]] std::int64_t burst_ns() const noexcept {
    return forgotten_ns_ - (kBurst - 1) * kIntervalNs;
  }

  /// The times at which past repairs are forgotten, as one number: each repair moves it on by an
  /// interval, and it may be a burst ahead.
  std::int64_t forgotten_ns_ = 0;
  std::int64_t quiet_ns_ = kMinQuietNs;
  std::int64_t repaired_ns_ = 0;
};

}  // namespace tunrelay
