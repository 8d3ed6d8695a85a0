// SPDX-License-Identifier: MIT
// Which CPUs this process may use and where its workers go, by hwloc.
#pragma once

#include <string>
#include <vector>

namespace tunrelay {

/// The CPUs (operating-system numbers) that the process may run on now, best first for one
/// worker each: a physical core's first thread before any core's second one.
/// Throws Error when hwloc can't read the topology.
std::vector<int> cpus_for_workers();

/// "0,2-3" -> {0, 2, 3}, in the order written, each at most once. Throws a usage Error.
std::vector<int> parse_cpu_list(const std::string& text);

/// Binds the calling thread to CPU. False when the kernel refuses, for example since the
/// cpuset shrank meanwhile: the thread then runs where it may.
[[nodiscard]] bool pin_this_thread(int cpu) noexcept;

/// The CPU on which the calling thread runs now.
[[nodiscard]] int current_cpu() noexcept;

}  // namespace tunrelay
