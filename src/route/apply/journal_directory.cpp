// SPDX-License-Identifier: MIT
#include "route/apply/journal_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

int open_directory(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

}  // namespace

JournalDirectory::JournalDirectory(std::string path, FileDescriptor fd)
    : path_(std::move(path)), fd_(std::move(fd)) {
  struct stat status {};
  check_system_call(::fstat(fd_.get(), &status), "look at the directory", path_);
  if (status.st_uid != ::geteuid())
    throw_unsupported_error(
        "use the directory", path_,
        fmt::format("it belongs to user {}, not to {}", status.st_uid, ::geteuid()),
        "remove it, or name another directory");
  if ((status.st_mode & kWritableByOthers) != 0)
    throw_unsupported_error("use the directory", path_, "others may write there",
                            "chmod 700 " + path_);
}

JournalDirectory JournalDirectory::open(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST)
    throw_system_error(errno, "make the directory", path, "run as root, or name another directory");
  return {path, FileDescriptor(check_system_call(open_directory(path), "open the directory", path,
                                                 "remove what stands there under its name"))};
}

std::optional<JournalDirectory> JournalDirectory::open_existing(const std::string& path) {
  const int fd = open_directory(path);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  return JournalDirectory(
      path, FileDescriptor(check_system_call(fd, "open the directory", path, "run as root")));
}

std::vector<std::string> JournalDirectory::journal_names() const {
  struct Close {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
  };
  // A descriptor of its own, since the stream closes it and moves its position.
  const int fd = check_system_call(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                   "read the directory", path_);
  const std::unique_ptr<DIR, Close> stream(::fdopendir(fd));
  if (!stream) {
    ::close(fd);
    throw_system_error(errno, "read the directory", path_);
  }
  std::vector<std::string> names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(kSuffix)) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string JournalDirectory::journal_name(std::uint64_t netns_inode, const std::string& instance) {
  return fmt::format("{}-{}{}", netns_inode, instance, kSuffix);
}

}  // namespace tunrelay
