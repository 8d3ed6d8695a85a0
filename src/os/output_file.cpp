// SPDX-License-Identifier: MIT
#include "os/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr const char* kOwnPlace =
    "name the place itself, without links, or one in a folder in which root alone may write";
constexpr int kMaxLinks = 40;  // as the kernel
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;

/// Whether we have rights that others who write to a folder have not: root's. Root of a user
/// namespace with a single user in it is that user.
bool has_roots_rights() {
  if (::geteuid() != 0) return false;
  std::ifstream map("/proc/self/uid_map");
  unsigned long inside = 0;
  unsigned long outside = 0;
  unsigned long count = 0;
  std::string more;
  return !(map >> inside >> outside >> count) || count != 1 || (map >> more);
}

bool is_roots_alone(const struct stat& folder) {
  return folder.st_uid == 0 && (folder.st_mode & kOthersMayWrite) == 0;
}

bool is_of_proc(int folder) {
  struct statfs system {};
  return ::fstatfs(folder, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

/// The names in PATH go before those that are LEFT.
void put_before(std::deque<std::string>& left, std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (!name.empty()) left.emplace_front(name);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

}  // namespace

OutputPlace::OutputPlace(std::string path, std::string attempt)
    : path_(std::move(path)), attempt_(std::move(attempt)), is_guarded_(has_roots_rights()) {
  follow();
}

void OutputPlace::follow() {
  std::deque<std::string> left;
  begin_at(path_, left);
  for (int links = 0;;) {
    name_ = std::move(left.front());
    left.pop_front();
    FileDescriptor found = look();
    if (!found.is_open()) {
      if (errno == ENOENT && left.empty()) return;
      refuse(errno, kOtherPlace);
    }
    if (S_ISLNK(found_.st_mode)) {
      if (++links > kMaxLinks) refuse(ELOOP, kOtherPlace);
      refuse_planted(found_);
      std::array<char, PATH_MAX> target{};
      const ssize_t length = ::readlinkat(found.get(), "", target.data(), target.size());
      if (length < 0) refuse(errno, kOtherPlace);
      begin_at({target.data(), static_cast<std::size_t>(length)}, left);
    } else if (left.empty()) {
      return refuse_planted(found_);
    } else {
      folder_ = std::move(found);
    }
  }
}

/// PATH, from the folder where we are, must be followed before the names that are LEFT.
void OutputPlace::begin_at(std::string_view path, std::deque<std::string>& left) {
  if (path.empty()) refuse(ENOENT, kOtherPlace);
  if (path.starts_with('/') || !folder_.is_open())
    folder_ = FileDescriptor(::open(path.starts_with('/') ? "/" : ".", O_PATH | O_CLOEXEC));
  if (!folder_.is_open()) refuse(errno, kOtherPlace);
  put_before(left, path);
  if (left.empty()) left.emplace_front(".");
}

/// What stands at our name; not open, with errno, where nothing does. Of the links in /proc, which
/// lead to what is open already, that is what they lead to.
FileDescriptor OutputPlace::look() {
  found_ = {};
  if (::fstat(folder_.get(), &folder_status_) != 0) return {};
  is_of_proc_ = is_of_proc(folder_.get());
  FileDescriptor found(
      ::openat(folder_.get(), name_.c_str(), O_PATH | O_CLOEXEC | (is_of_proc_ ? 0 : O_NOFOLLOW)));
  if (found.is_open() && ::fstat(found.get(), &found_) != 0) refuse(errno, kOtherPlace);
  return found;
}

void OutputPlace::refuse_planted(const struct stat& found) const {
  if (!is_guarded_ || is_of_proc_ || is_roots_alone(folder_status_) || S_ISDIR(found.st_mode))
    return;
  const bool is_link = S_ISLNK(found.st_mode);
  // In a folder of one user's alone, that user's files are what they seem.
  const bool is_folders =
      found.st_uid == folder_status_.st_uid && (folder_status_.st_mode & kOthersMayWrite) == 0;
  std::string answer;
  if (found.st_uid != 0 && (is_link || !is_folders))
    answer = fmt::format("user {} has put {} there", found.st_uid,
                         is_link ? "a symbolic link" : "a file of their own");
  else if (S_ISREG(found.st_mode) && found.st_nlink > 1)
    answer = "the file has other names (hard links)";
  if (!answer.empty())
    throw_unsupported_error(attempt_, path_, answer + ", where others than root may write",
                            kOwnPlace);
}

bool OutputPlace::is_in_place() const noexcept {
  return is_of_proc_ ||
         (found_.st_mode != 0 && !S_ISREG(found_.st_mode) && !S_ISDIR(found_.st_mode));
}

FileDescriptor OutputPlace::open(int flags, mode_t mode, std::int64_t patience_ns) const {
  constexpr std::int64_t kPauseNs = 20 * kNanosecondsPerMillisecond;
  const int ours = O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_of_proc_ ? 0 : O_NOFOLLOW);
  const std::int64_t begin_ns = monotonic_ns();
  for (;;) {
    FileDescriptor file(::openat(folder(), name_.c_str(), (flags & ~O_CREAT) | ours));
    if (!file.is_open() && errno == ENOENT && (flags & O_CREAT) != 0) {
      file = FileDescriptor(::openat(folder(), name_.c_str(), flags | O_EXCL | ours, mode));
      if (!file.is_open() && errno == EEXIST) continue;
    }
    struct stat opened {};
    if (file.is_open()) {
      if (::fstat(file.get(), &opened) != 0) refuse(errno);
      refuse_planted(opened);
      return file;
    }
    if (errno != ENXIO || !S_ISFIFO(found_.st_mode)) refuse(errno, kOtherPlace);
    if (monotonic_ns() - begin_ns >= patience_ns) refuse(ENXIO, "nobody reads this pipe");
    if (wait_until_ready(-1, 0, kPauseNs) == EINTR)
      refuse(EINTR, "a signal ended the wait for the pipe's reader");
  }
}

void OutputPlace::refuse(int system_errno, const std::string& hint) const {
  throw_system_error(system_errno, attempt_, path_, hint);
}

FileDescriptor open_output(const std::string& path, const std::string& attempt, mode_t mode,
                           std::int64_t patience_ns) {
  const OutputPlace place(path, attempt);
  FileDescriptor file = place.open(O_WRONLY | O_CREAT, mode, patience_ns);
  struct stat opened {};
  if (::fstat(file.get(), &opened) != 0 ||
      (S_ISREG(opened.st_mode) && ::ftruncate(file.get(), 0) != 0))
    place.refuse(errno);
  return file;
}

}  // namespace tunrelay
