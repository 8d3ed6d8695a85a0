// SPDX-License-Identifier: MIT
// Which files a thread may still change (landlock(7)). Whoever is root needs no capability to
// change root's files, so capabilities alone do not end that.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"

namespace tunrelay {

struct FileAccess {
  /// Keep the places where the kernel's rules find them, those of /proc among them.
  std::vector<FileDescriptor> pinned;
  int error = 0;  ///< errno of what was refused, and nothing has changed; 0: it holds
};

/// From now on the calling thread, and what it starts, opens for writing, makes, renames and
/// removes files in PLACES alone: folders with all below them, or files. One that is missing is
/// left out. What is open stays open. After forbid_new_privileges().
[[nodiscard]] FileAccess change_files_only_in(std::span<const std::string> places);

}  // namespace tunrelay
