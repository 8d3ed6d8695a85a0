// SPDX-License-Identifier: MIT
// The janitor: a small process beside the tunnel that does nothing but wait for its death. When
// the tunnel is killed and its journal is still there, the janitor undoes what that says. A
// tunnel that has ended in order dismisses it.
//
// In `ps` it is "tunrelay-janito": the kernel keeps 15 characters of a process's name.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"
#include "os/process.hpp"

namespace tunrelay {

struct JanitorDuty {
  std::string journal_directory{};  ///< empty: there is nothing to restore
  std::string instance{};
  /// This process's network namespace is private, made when it left these: kill all that still
  /// lives in it, and in its user namespace if that is new too. Nobody is killed where process 1
  /// lives, or where nothing was left.
  std::optional<ProcessNamespaces> left_namespaces{};
  std::string socket_path{};  ///< a socket that goes with the tunnel; empty: none
};

class Janitor {
 public:
  /// Forks. Start it while the process has one thread alone: the child uses memory allocation
  /// and streams, whose locks another thread could hold at the fork. It keeps the privileges
  /// that the process has now. Throws Error.
  explicit Janitor(const JanitorDuty& duty);
  /// Leaves it waiting for this process's death, unless it was dismissed.
  ~Janitor();
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  /// Everything is undone: the janitor ends at once, and is waited for.
  void dismiss() noexcept;
  /// Whether somebody has killed it.
  [[nodiscard]] bool has_died() noexcept;
  /// Starts another in the place of one that died: PROGRAM, which must call run_janitor(). It is
  /// spawned, not forked, since there may be other threads by now. Throws Error.
  void start_again(const std::string& program);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  /// Replaces the bell; the janitor's end of it.
  FileDescriptor make_bell();

  JanitorDuty duty_;
  FileDescriptor bell_;  ///< a byte: done. Its end: this process is dead, or the janitor is left
  pid_t pid_ = -1;
};

/// In a program that start_again() has started, with its ARGUMENTS: is the janitor, and does not
/// return. Returns when these are other arguments.
void run_janitor(const std::vector<std::string>& arguments);

}  // namespace tunrelay
