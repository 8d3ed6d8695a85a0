// SPDX-License-Identifier: MIT
// A path in a network namespace and a process of its own, with both ends of the generator beside
// it: several paths stand side by side, each at rest but for its trials, and whatever happens to
// one ends with its process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "os/json_lines.hpp"
#include "suite/test_path.hpp"

namespace tunrelay {

/// A trial across a path, and what the path counted meanwhile.
struct PathTrial {
  TrialReport trial;  ///< invalid, too, when not all of it crossed the path
  std::int64_t cpu_ns = 0;
  std::uint64_t segments = 0;  ///< both directions
  std::uint64_t dropped = 0;   ///< packets, as LinkCounts has them
};

/// Used by one thread, which must be the only one when it is made: the process is a fork.
class TestPathHost {
 public:
  /// Starts the process; ready() waits for the path.
  explicit TestPathHost(TestPathSpec spec);
  /// Has the path taken down; kills what does not end.
  ~TestPathHost();
  TestPathHost(const TestPathHost&) = delete;
  TestPathHost& operator=(const TestPathHost&) = delete;

  /// Throws Error, with what the process said, when the path can't be made.
  void wait_until_ready();
  [[nodiscard]] const TestPathSpec& spec() const noexcept { return spec_; }
  /// What the path is; when it is ready.
  [[nodiscard]] const nlohmann::json& description() const noexcept { return description_; }
  /// NAME: what a record of the path calls it. Throws Error when the path is gone.
  [[nodiscard]] PathTrial run_trial(const LoadSpec& spec, const std::string& name);
  /// Runs COMMAND in the path's network to its end; "{a}" and "{b}" in its arguments stand for the
  /// addresses. SERVER, where not empty, runs beside it. What COMMAND wrote, and the counts in a
  /// LinkTrial without a trial.
  struct CommandRun {
    std::string output;
    int exit_code = 0;
    PathTrial path;
  };
  [[nodiscard]] CommandRun run_command(const std::vector<std::string>& server,
                                       const std::vector<std::string>& command,
                                       std::int64_t limit_ns, const std::string& name);

 private:
  nlohmann::json call(const nlohmann::json& request, std::int64_t limit_ns);

  TestPathSpec spec_;
  pid_t pid_ = -1;
  std::unique_ptr<JsonLines> lines_;
  nlohmann::json description_;
};

}  // namespace tunrelay
