// SPDX-License-Identifier: MIT
// A command as a child: started, waited for, and nothing of it left behind.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"
#include "os/signal_watch.hpp"

namespace tunrelay {

/// The kernel does not run a command: it is missing, may not be executed, or is not a program.
class CommandNotRun final : public Error {
 public:
  using Error::Error;
};

/// What a command has of ours.
struct CommandStreams {
  int standard_output = STDOUT_FILENO;  ///< where it writes, instead of where we do
  /// False: it reads nothing, and has a session of its own, so that it can't open our terminal.
  /// Signals then go to its process group, as those of a terminal would.
  bool shares_terminal = true;
};

/// Used by the thread that made it, which must outlive the child: the kernel ends the child
/// together with that thread.
class ChildProcess {
 public:
  /// Runs COMMAND (looked up in PATH) with the signal mask from before WATCH, with ENVIRONMENT
  /// ("NAME=value") beside the inherited one. Throws CommandNotRun, or Error when there can be no
  /// child at all.
  ChildProcess(const std::vector<std::string>& command, const std::vector<std::string>& environment,
               const SignalWatch& watch, const CommandStreams& streams = {});
  /// Ends the command if it still runs, and every process that it left.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Readable when the command has ended.
  [[nodiscard]] int fd() const noexcept { return process_.get(); }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void send_signal(int signal) const noexcept;
  /// Waits for the end: its exit code, or 128 + the signal that ended it, as a shell has it.
  int wait() noexcept;

 private:
  pid_t pid_ = -1;
  bool leads_group_;
  FileDescriptor process_;
  int exit_code_ = -1;
};

/// What a shell makes of a status of waitpid(2): the exit code, or 128 + the signal that ended it.
[[nodiscard]] int exit_code_of(int wait_status) noexcept;

/// Ends and reaps all children of the calling process, and theirs: orphans come to us, since
/// `exec` is a child subreaper (prctl(2)).
void end_all_children() noexcept;

}  // namespace tunrelay
