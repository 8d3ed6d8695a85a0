// SPDX-License-Identifier: MIT
#include "route/apply/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "os/process.hpp"

namespace tunrelay {
namespace {

void check_instance(const std::string& instance) {
  constexpr std::size_t kMax = 64;
  const bool fits = std::all_of(instance.begin(), instance.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '.' || letter == '-' || letter == '_';
  });
  if (!fits || instance.empty() || instance.size() > kMax)
    throw_usage_error("name the tunnel", fmt::format("'{}'", instance),
                      "its journal is a file of that name",
                      "use up to 64 letters, digits, dots, dashes and underscores");
}

std::string read_whole(int fd, const std::string& name) {
  std::string text;
  std::array<char, 16384> part{};
  for (;;) {
    const ssize_t got = ::pread(fd, part.data(), part.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    check_system_call(static_cast<int>(got), "read the journal", name);
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

/// Opens the file, which must be ours and not a symbolic link.
FileDescriptor open_journal(const JournalDirectory& directory, const std::string& name,
                            int more_flags) {
  FileDescriptor file(check_system_call(
      ::openat(directory.fd(), name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | more_flags, 0600),
      "open the journal", directory.path() + "/" + name));
  struct stat status {};
  check_system_call(::fstat(file.get(), &status), "look at the journal", name);
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid())
    throw_unsupported_error("use the journal", directory.path() + "/" + name,
                            "it is not a file of this user's", "remove it");
  return file;
}

/// Whether the file is still the one that the name stands for: its owner may have removed it
/// between our open and our lock.
bool is_still_there(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink != 0;
}

[[noreturn]] void refuse_running(const std::string& instance,
                                 const std::optional<JournalContents>& contents) {
  throw_unsupported_error(
      "start the tunnel", instance,
      contents ? fmt::format("it runs already, as process {}", contents->header.owner.pid)
               : "it is being started by another process",
      "stop it, or choose another name");
}

/// Opens the journal, as a new one where there is none, and locks it. Refuses one whose tunnel is
/// at work; but one that a cleaning looks at, or that another start has just made, is free or has
/// its owner's name in a moment.
FileDescriptor lock_journal(const JournalDirectory& directory, const std::string& name,
                            const std::string& instance) {
  constexpr std::chrono::seconds kPatience{2};
  constexpr std::chrono::milliseconds kInterval{2};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    FileDescriptor file = open_journal(directory, name, O_CREAT | O_APPEND);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      if (is_still_there(file.get())) return file;
      continue;
    }
    const auto contents = parse_journal(read_whole(file.get(), name), instance);
    if ((contents && is_alive(contents->header.owner)) ||
        std::chrono::steady_clock::now() >= deadline)
      refuse_running(instance, contents);
    std::this_thread::sleep_for(kInterval);
  }
}

[[noreturn]] void refuse_leftover(const std::string& instance, const JournalContents& contents) {
  if (contents.header.persistent && contents.complete)
    throw_unsupported_error("start the tunnel", instance, "its routes are applied already, to stay",
                            "remove them: tunrelay routes remove --name " + instance);
  throw_unsupported_error("start the tunnel", instance,
                          fmt::format("process {}, which ended, has left changes under this name",
                                      contents.header.owner.pid),
                          "undo them: tunrelay cleanup");
}

}  // namespace

Journal::Journal(JournalDirectory directory, const std::string& instance, bool persistent)
    : directory_(std::move(directory)) {
  check_instance(instance);
  const std::uint64_t netns = current_netns_inode();
  const std::string header = header_line({.boot_id = boot_id(),
                                          .netns_inode = netns,
                                          .netns_cookie = current_netns_cookie(),
                                          .instance = instance,
                                          .owner = this_process(),
                                          .persistent = persistent});
  name_ = JournalDirectory::journal_name(netns, instance);
  file_ = lock_journal(directory_, name_, instance);
  if (const auto contents = parse_journal(read_whole(file_.get(), name_), path()))
    refuse_leftover(instance, *contents);
  try {
    // What is there now is at most a piece of a header.
    check_system_call(::ftruncate(file_.get(), 0), "empty the journal", path());
    append(header);
    check_system_call(::fsync(directory_.fd()), "write", directory_.path());
  } catch (...) {
    destroy();
    throw;
  }
}

Journal::Journal(JournalDirectory directory, const std::string& instance, FileDescriptor file)
    : directory_(std::move(directory)),
      name_(JournalDirectory::journal_name(current_netns_inode(), instance)),
      file_(std::move(file)) {
  static_cast<void>(read_again());
}

std::vector<Step> Journal::read_again() {
  const std::string text = read_whole(file_.get(), name_);
  size_bytes_ = text.size();
  // A step has a line of its own, so no step has this number.
  next_index_ = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  auto contents = parse_journal(text, path());
  return contents ? std::move(contents->steps) : std::vector<Step>{};
}

void Journal::append(const std::string& line) {
  // One write, appended: a reader sees the whole line or a piece without its newline.
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  const int error = written < 0 ? errno : ENOSPC;
  if (written != static_cast<ssize_t>(line.size())) {
    // Lines that come later shall not be joined to the piece.
    [[maybe_unused]] const int cut = ::ftruncate(file_.get(), static_cast<off_t>(size_bytes_));
    throw_system_error(error, "write the journal", path(), "make room on its file system");
  }
  size_bytes_ += line.size();
  check_system_call(::fdatasync(file_.get()), "write the journal", path());
}

std::size_t Journal::record(const Step& step) {
  append(step_line(next_index_, step));
  return next_index_++;
}

void Journal::withdraw(std::size_t index) {
  append(withdrawn_line(index));
}

void Journal::mark_complete() {
  append(complete_line());
}

int Journal::destroy() noexcept {
  return ::unlinkat(directory_.fd(), name_.c_str(), 0) == 0 ? 0 : errno;
}

JournalReader::JournalReader(const JournalDirectory& directory, const std::string& name)
    : directory_(directory), name_(name), file_(open_journal(directory, name, 0)) {
  locked_ = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 && is_still_there(file_.get());
}

std::optional<JournalContents> JournalReader::read() const {
  return parse_journal(read_whole(file_.get(), name_), directory_.path() + "/" + name_);
}

void JournalReader::remove() const {
  check_system_call(::unlinkat(directory_.fd(), name_.c_str(), 0), "remove the journal",
                    directory_.path() + "/" + name_);
}

bool is_of_this_netns(const JournalHeader& header) {
  if (header.boot_id != boot_id() || header.netns_inode != current_netns_inode()) return false;
  const std::uint64_t cookie = current_netns_cookie();
  return cookie == 0 || header.netns_cookie == 0 || cookie == header.netns_cookie;
}

std::vector<Step> read_sibling_steps(const JournalDirectory& directory, const std::string& except) {
  std::vector<Step> steps;
  for (const std::string& name : directory.journal_names()) {
    if (name == except) continue;
    try {
      const FileDescriptor file = open_journal(directory, name, 0);
      const auto contents = parse_journal(read_whole(file.get(), name), name);
      if (!contents || !is_of_this_netns(contents->header)) continue;
      steps.insert(steps.end(), contents->steps.begin(), contents->steps.end());
    } catch (const Error&) {
      continue;  // gone meanwhile, or not ours to read
    }
  }
  return steps;
}

}  // namespace tunrelay
