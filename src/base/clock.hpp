// SPDX-License-Identifier: MIT
// Time as the data path uses it: nanoseconds of CLOCK_MONOTONIC in a signed 64-bit number.
#pragma once

#include <cstdint>
#include <ctime>

namespace tunrelay {

inline constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
inline constexpr std::int64_t kNanosecondsPerMicrosecond = 1'000;

[[nodiscard]] inline std::int64_t clock_ns(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

[[nodiscard]] inline std::int64_t monotonic_ns() noexcept {
  return clock_ns(CLOCK_MONOTONIC);
}

[[nodiscard]] inline timespec to_timespec(std::int64_t duration_ns) noexcept {
  return {.tv_sec = duration_ns / kNanosecondsPerSecond,
          .tv_nsec = duration_ns % kNanosecondsPerSecond};
}

}  // namespace tunrelay
