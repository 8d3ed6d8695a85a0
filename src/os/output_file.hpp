// SPDX-License-Identifier: MIT
// Files that the user names to be written. What root writes where others may write, too, must not
// go where one of them has led it: a symbolic link that they planted is not followed, and a file
// that is theirs, or has a second name, is not opened. The kernel's own protection
// (fs.protected_symlinks and the like) may be switched off, and covers sticky folders alone.
#pragma once

#include <sys/stat.h>

#include <deque>
#include <string>
#include <string_view>

#include "os/file_descriptor.hpp"
#include "os/interruptible.hpp"

namespace tunrelay {

/// For what holds packets, which are nobody else's business; a file that exists keeps its mode.
inline constexpr mode_t kOwnerOnly = 0600;
/// For all else; the user's umask takes from it.
inline constexpr mode_t kUsersChoice = 0666;

/// Where a path leads: a folder, which is held, and a name in it that is not a symbolic link. What
/// is done there later is done in that very folder. Used by one thread.
class OutputPlace {
 public:
  static constexpr const char* kOtherPlace = "choose a place that is there and may be written to";

  /// Follows PATH. Throws Error that begins with "could not ATTEMPT PATH": a folder is not there or
  /// may not be entered, or, for root, the place is another user's to choose.
  OutputPlace(std::string path, std::string attempt);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int folder() const noexcept { return folder_.get(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// What stands there; st_mode is 0 where nothing does.
  [[nodiscard]] const struct stat& found() const noexcept { return found_; }
  /// Whether it can only be written as it is, not replaced: a pipe, a terminal, a descriptor that
  /// is open already (/dev/stdout), a file of the kernel's.
  [[nodiscard]] bool is_in_place() const noexcept;
  /// Whether the path stands for a descriptor that is open already, or for the kernel's own.
  [[nodiscard]] bool is_open_already() const noexcept { return is_of_proc_; }

  /// What stands there, opened with FLAGS, without waiting and without following anything; made
  /// with MODE where nothing does and FLAGS have O_CREAT. For the reader of a pipe it waits for at
  /// most PATIENCE_NS, or until a stop signal. Throws Error.
  [[nodiscard]] FileDescriptor open(int flags, mode_t mode = 0,
                                    std::int64_t patience_ns = kNoLimit) const;
  [[noreturn]] void refuse(int system_errno, const std::string& hint = {}) const;

 private:
  void follow();
  void begin_at(std::string_view path, std::deque<std::string>& left);
  FileDescriptor look();
  void refuse_planted(const struct stat& found) const;

  std::string path_;
  std::string attempt_;
  FileDescriptor folder_;
  struct stat folder_status_ {};
  std::string name_;
  struct stat found_ {};
  bool is_guarded_;
  bool is_of_proc_ = false;
};

/// A new or emptied file at PATH, or the pipe that stands there, to be written. Throws Error; a
/// pipe's reader is waited for as OutputPlace::open() does.
[[nodiscard]] FileDescriptor open_output(const std::string& path, const std::string& attempt,
                                         mode_t mode, std::int64_t patience_ns = kNoLimit);

}  // namespace tunrelay
