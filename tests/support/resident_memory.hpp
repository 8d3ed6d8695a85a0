// SPDX-License-Identifier: MIT
// How much memory a process has.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace tunrelay::test {

/// What the kernel counts as resident, in bytes; 0: the process is gone. PID 0: this one.
inline std::size_t resident_bytes_of(pid_t pid = 0) {
  std::ifstream status("/proc/" + (pid == 0 ? "self" : std::to_string(pid)) + "/statm");
  std::size_t total_pages = 0;
  std::size_t resident_pages = 0;
  status >> total_pages >> resident_pages;
  constexpr std::size_t kPageBytes = 4096;
  return resident_pages * kPageBytes;
}

}  // namespace tunrelay::test
