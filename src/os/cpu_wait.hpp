// SPDX-License-Identifier: MIT
// How long this process's threads have waited for a CPU: what distinguishes a packet that is late
// on a busy host from one that is lost.
#pragma once

#include <cstdint>
#include <string>

namespace tunrelay {

/// Counts from when it is made, for all threads that there are then and later.
class CpuWait {
 public:
  CpuWait();

  /// All threads together; 0 on a kernel that does not say (CONFIG_SCHED_INFO).
  [[nodiscard]] std::int64_t waited_ns() const;
  /// They waited for a fifth of the time or more: what should have come may come later.
  [[nodiscard]] bool is_long() const;
  /// "the host is busy: this process waited 380 ms of 1.00 s for a CPU".
  [[nodiscard]] std::string to_string() const;

 private:
  std::int64_t begin_ns_;
  std::int64_t waited_before_ns_;
};

}  // namespace tunrelay
