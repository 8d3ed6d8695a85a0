// SPDX-License-Identifier: MIT
// The command of `exec`, kept so that nothing that comes of it outlives the tunnel.
//
// It runs in a PID namespace of its own: when the first process of that ends, which is a small init
// of ours, the kernel kills all others in it. No process can leave it, by no daemon's double fork,
// session or network namespace of its own, and no second program has to be alive for it. What the
// alternatives lack: a subreaper must itself survive, and loses orphans to a race; cgroup.kill
// needs a cgroup that we may write, which containers and most ordinary users have not. The price is
// that the command sees its own processes alone in /proc and that its parent is process 1.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "os/child_process.hpp"
#include "os/file_descriptor.hpp"
#include "os/signal_watch.hpp"

namespace tunrelay {

/// Used by the thread that made it, which must outlive the command: the kernel ends both together.
class PrivateCommand {
 public:
  /// Forks the init, in mount and PID namespaces of its own with a /proc that shows them. To be
  /// made while there is one thread and no device, in the private network: the init keeps what this
  /// process has in memory. ARGUMENTS, WATCH, STREAMS: as for ChildProcess. Throws Error.
  PrivateCommand(std::vector<std::string> arguments, const SignalWatch& watch,
                 const CommandStreams& streams);
  /// Ends the command if it still runs, and every process that it left.
  ~PrivateCommand();
  PrivateCommand(const PrivateCommand&) = delete;
  PrivateCommand& operator=(const PrivateCommand&) = delete;

  /// Why there is no PID namespace, a sentence: then the command is a child as any other, and what
  /// it leaves is found by its ancestors and its namespaces. Empty where there is one.
  [[nodiscard]] const std::string& shortfall() const noexcept { return shortfall_; }

  /// Runs it, with ENVIRONMENT ("NAME=value") beside the inherited one. Throws CommandNotRun when
  /// the program can't be run, and Error when no process can be made for it.
  void run(const std::vector<std::string>& environment);
  /// After run(). Readable when the command has ended.
  [[nodiscard]] int fd() const noexcept;
  void send_signal(int signal) const noexcept;
  /// Waits for its end, and for that of what it left in its PID namespace: its exit code, or 128 +
  /// the signal that ended it, as a shell has it.
  int wait() noexcept;

 private:
  void fork_init(FileDescriptor peer);
  int wait_for_init() noexcept;
  void take_terminal_back() const noexcept;

  std::vector<std::string> arguments_;
  const SignalWatch& watch_;
  CommandStreams streams_;
  bool has_terminal_;
  std::string shortfall_;
  FileDescriptor line_;                ///< to the init
  pid_t init_pid_ = -1;                ///< until it has been waited for
  FileDescriptor init_;                ///< a pidfd
  int exit_code_ = -1;                 ///< of the init, and so of the command
  std::optional<ChildProcess> child_;  ///< where there is no init
};

}  // namespace tunrelay
