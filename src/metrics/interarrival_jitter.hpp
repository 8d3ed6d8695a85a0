// SPDX-License-Identifier: MIT
// How unsteadily messages come: the interarrival jitter of RFC 3550, section 6.4.1, as its
// appendix A.8 reckons it, in nanoseconds.
#pragma once

#include <cmath>
#include <cstdint>

namespace tunrelay {

/// Of one flow; one thread. Messages count in the order in which they arrive.
class InterarrivalJitter {
 public:
  /// The two clocks may differ: only how the way's time changes from message to message counts.
  void record(std::int64_t sent_ns, std::int64_t received_ns) noexcept {
    // Without a sign, so that times out of a strange message can't overflow.
    const std::uint64_t transit_ns =
        static_cast<std::uint64_t>(received_ns) - static_cast<std::uint64_t>(sent_ns);
    if (has_transit_) {
      const auto change_ns = static_cast<std::int64_t>(transit_ns - transit_ns_);
      double value_ns = value_ns_;
      value_ns += (std::abs(static_cast<double>(change_ns)) - value_ns) / 16;
      // A plain store of one writer, which value_ns() may look at.
      __atomic_store(&value_ns_, &value_ns, __ATOMIC_RELAXED);
    }
    transit_ns_ = transit_ns;
    has_transit_ = true;
  }

  /// 0 until there are two messages. Any thread.
  [[nodiscard]] double value_ns() const noexcept {
    double value_ns = 0;
    __atomic_load(&value_ns_, &value_ns, __ATOMIC_RELAXED);
    return value_ns;
  }

 private:
  std::uint64_t transit_ns_ = 0;  ///< of the last message
  bool has_transit_ = false;
  double value_ns_ = 0;
};

}  // namespace tunrelay
