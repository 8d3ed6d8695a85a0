// SPDX-License-Identifier: MIT
#include "os/cpu_wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

/// The second number of each thread (Documentation/scheduler/sched-stats.rst).
std::int64_t waited_so_far_ns() {
  std::int64_t sum_ns = 0;
  std::error_code none;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", none)) {
    std::int64_t run_ns = 0;
    std::int64_t wait_ns = 0;
    if (std::ifstream(task.path() / "schedstat") >> run_ns >> wait_ns) sum_ns += wait_ns;
  }
  return sum_ns;
}

}  // namespace

CpuWait::CpuWait() : begin_ns_(monotonic_ns()), waited_before_ns_(waited_so_far_ns()) {}

std::int64_t CpuWait::waited_ns() const {
  // A thread that has ended takes its time along.
  return std::max<std::int64_t>(waited_so_far_ns() - waited_before_ns_, 0);
}

bool CpuWait::is_long() const {
  constexpr std::int64_t kPart = 5;
  return waited_ns() * kPart >= monotonic_ns() - begin_ns_;
}

std::string CpuWait::to_string() const {
  return fmt::format("the host is busy: this process waited {} of {} for a CPU",
                     format_duration(static_cast<double>(waited_ns())),
                     format_duration(static_cast<double>(monotonic_ns() - begin_ns_)));
}

}  // namespace tunrelay
