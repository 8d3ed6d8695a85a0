// SPDX-License-Identifier: MIT
// What the kernel shows of threads: whose they are, what they may do (proc(5), status).
#pragma once

#include <fmt/format.h>
#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace tunrelay::test {

/// Lines by what stands before the colon: "CapEff", "Uid".
using ThreadStatus = std::map<std::string, std::string>;

inline ThreadStatus read_status(const std::filesystem::path& path) {
  ThreadStatus status;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(":\t");
    if (colon != std::string::npos) status[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return status;
}

inline std::vector<ThreadStatus> threads_of(pid_t pid) {
  std::vector<ThreadStatus> threads;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid)))
    threads.push_back(read_status(task.path() / "status"));
  return threads;
}

}  // namespace tunrelay::test
