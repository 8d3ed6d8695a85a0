// SPDX-License-Identifier: MIT
// Running other programs from a test: one to its end, or one in the background.
// Output goes into memory files, so a program that talks much never blocks on its reader, and
// nobody has to read while it runs. Every process is the leader of its own process group,
// which is killed with it, and dies with the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/file_descriptor.hpp"

namespace tunrelay::test {

/// A program (looked up in PATH) and its arguments.
using Command = std::vector<std::string>;

struct ProcessResult {
  int exit_code = -1;  ///< as a shell shows it: 128 + the signal's number when a signal ended it
  int signal = 0;      ///< that ended it, or 0
  bool timed_out = false;  ///< the time limit ended it (by SIGKILL)
  std::string standard_output;
  std::string standard_error;

  [[nodiscard]] bool succeeded() const noexcept { return exit_code == 0; }
  /// What happened as text, with both outputs: for the message of a failed expectation.
  [[nodiscard]] std::string describe() const;
};

inline constexpr std::chrono::milliseconds kCommandTimeLimit{30'000};

/// Runs COMMAND to its end. A program that can't be started ends with exit code 127.
ProcessResult run(const Command& command, std::chrono::milliseconds time_limit = kCommandTimeLimit);

/// Runs SCRIPT with `sh -euc`: `run_shell("echo hello | tr a-z A-Z")`.
ProcessResult run_shell(const std::string& script,
                        std::chrono::milliseconds time_limit = kCommandTimeLimit);

/// Runs COMMAND, which must succeed, and returns its standard output. Throws
/// std::runtime_error with all that it said otherwise. For set-up steps of tests.
std::string output_of(const Command& command,
                      std::chrono::milliseconds time_limit = kCommandTimeLimit);

/// Splits TEXT at blanks, for commands without quoting: split("ip link show tun0").
Command split(std::string_view text);

/// A program in the background. Not thread-safe, and to be started by a thread that outlives
/// it (the kernel ends it together with that thread).
class BackgroundProcess {
 public:
  /// Throws std::system_error when no process could be made.
  explicit BackgroundProcess(const Command& command);
  /// Kills the process group, and waits for the process.
  ~BackgroundProcess();
  BackgroundProcess(const BackgroundProcess&) = delete;
  BackgroundProcess& operator=(const BackgroundProcess&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool is_running();
  /// What it has written so far.
  [[nodiscard]] std::string standard_output() const;
  [[nodiscard]] std::string standard_error() const;

  /// Waits until a whole line of either output begins with PREFIX, and returns that line.
  /// Nothing when the time runs out, or when the process ended without such a line.
  std::optional<std::string> wait_for_line(std::string_view prefix,
                                           std::chrono::milliseconds time_limit);
  /// To the process alone, not to its children. Does nothing once it has been waited for.
  void send_signal(int signal);
  /// Waits for the end; kills it when TIME_LIMIT runs out (`timed_out` then).
  /// May be called again: the answer is the same.
  ProcessResult wait(std::chrono::milliseconds time_limit = kCommandTimeLimit);

 private:
  [[nodiscard]] bool wait_for_end(std::chrono::milliseconds time_limit) const;
  void reap();

  FileDescriptor output_;
  FileDescriptor error_;
  pid_t pid_ = -1;
  FileDescriptor process_;  ///< a pidfd: readable when the process has ended
  std::optional<ProcessResult> result_;
};

}  // namespace tunrelay::test
