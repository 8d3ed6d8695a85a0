// SPDX-License-Identifier: MIT
#include "sandbox/file_access.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace tunrelay {
namespace {

constexpr std::uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE;
// Of Linux 5.19 and 6.2; headers may be older.
constexpr std::uint64_t kRefer = 1U << 13U;
constexpr std::uint64_t kTruncate = 1U << 14U;

/// All that changes a file, as far as the kernel's version of the rules knows it.
std::uint64_t changes_of(long version) noexcept {
  std::uint64_t changes = kWriteFile | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                          LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                          LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                          LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
  if (version >= 2) changes |= kRefer;
  if (version >= 3) changes |= kTruncate;
  return changes;
}

/// Adds the rule for what PLACE, a descriptor, stands for. 0 or an errno.
int allow_changes(int ruleset, int place, std::uint64_t changes) noexcept {
  struct stat status {};
  if (::fstat(place, &status) != 0) return errno;
  const std::uint64_t allowed =
      S_ISDIR(status.st_mode) ? changes : changes & (kWriteFile | kTruncate);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = allowed;
  rule.parent_fd = place;
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
             ? 0
             : errno;
}

FileAccess refusal(int error) {
  FileAccess access;
  access.error = error;
  return access;
}

}  // namespace

FileAccess change_files_only_in(std::span<const std::string> places) {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0) return refusal(errno);
  const std::uint64_t changes = changes_of(version);
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = changes;
  const FileDescriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!ruleset.is_open()) return refusal(errno);
  FileAccess access;
  for (const std::string& place : places) {
    FileDescriptor opened(::open(place.c_str(), O_PATH | O_CLOEXEC));
    if (!opened.is_open() && errno == ENOENT) continue;
    // Without it, what is there could not be taken away at the end.
    if (!opened.is_open()) return refusal(errno);
    if (const int error = allow_changes(ruleset.get(), opened.get(), changes); error != 0)
      return refusal(error);
    access.pinned.push_back(std::move(opened));
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return refusal(errno);
  return access;
}

}  // namespace tunrelay
