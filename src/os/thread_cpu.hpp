// SPDX-License-Identifier: MIT
// The CPU time of a thread of this process.
#pragma once

#include <time.h>

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace tunrelay {

/// In ns; any thread may ask. Nothing when there is no such thread (any more).
/// A thread's clock has the ID that the kernel makes of its thread ID
/// (include/linux/posix-timers_types.h), as glibc's pthread_getcpuclockid() does.
[[nodiscard]] inline std::optional<std::uint64_t> thread_cpu_ns(int thread_id) noexcept {
  constexpr unsigned kPerThread = 4;
  constexpr unsigned kScheduled = 2;
  const auto clock =
      static_cast<clockid_t>((~static_cast<unsigned>(thread_id) << 3U) | kPerThread | kScheduled);
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosecondsPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace tunrelay
