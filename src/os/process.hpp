// SPDX-License-Identifier: MIT
// Other processes as /proc shows them: whether the one that wrote a journal still lives, and
// who lives in a network namespace.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Names a process for the time of one boot: process numbers are given again, but not in the
/// same hundredth of a second.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< since boot; field 22 of /proc/PID/stat (proc(5))

  bool operator==(const ProcessIdentity&) const = default;
};

/// Throws Error when /proc is not there.
ProcessIdentity this_process();
/// False also for a zombie: it does nothing any more.
[[nodiscard]] bool is_alive(const ProcessIdentity& process);

/// Differs after every boot. Throws Error when /proc is not there.
std::string boot_id();

/// Stands for that very process, whoever has its number later; readable when it has ended. Not open
/// where the kernel has none (before Linux 5.3), or no such process.
[[nodiscard]] FileDescriptor open_pidfd(pid_t pid) noexcept;

std::vector<pid_t> all_processes();
/// Nothing when the process is gone or belongs to somebody else.
std::optional<std::uint64_t> netns_inode_of(pid_t pid);
/// Where a process lives, as numbers that name a namespace as long as it lives.
struct ProcessNamespaces {
  std::uint64_t network = 0;
  std::uint64_t user = 0;
};
/// Of the calling process. Throws Error.
ProcessNamespaces own_namespaces();
/// Whether the process lives in the user namespace of that number or in one that was made in it.
/// False also when that can't be known.
[[nodiscard]] bool lives_in_user_namespace(pid_t pid, std::uint64_t inode);

/// A systemd-networkd lives in the calling thread's network namespace. It deletes the rules of
/// others when it (re)starts, but for those of protocol `kernel` (systemd issue 19106).
[[nodiscard]] bool networkd_runs_here();

}  // namespace tunrelay
