// SPDX-License-Identifier: MIT
#include "os/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "os/text_file.hpp"

namespace tunrelay {
namespace {

struct ProcessStatus {
  char state = '?';
  std::uint64_t start_ticks = 0;
};

/// Nothing when it can't be read; errno says why.
std::optional<ProcessStatus> read_status(pid_t pid) {
  const auto text = read_text_file(fmt::format("/proc/{}/stat", pid));
  if (!text) return std::nullopt;
  // The name, in parentheses, may hold blanks and parentheses; the fields begin behind it. Of a
  // process that goes meanwhile there is nothing.
  errno = ENOENT;
  const std::size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text->substr(name_end + 1));
  ProcessStatus status;
  fields >> status.state;       // field 3
  constexpr int kBetween = 18;  // fields 4 to 21
  std::string skipped;
  for (int field = 0; field < kBetween; ++field) fields >> skipped;
  if (!(fields >> status.start_ticks)) return std::nullopt;
  return status;
}

}  // namespace

ProcessIdentity this_process() {
  const auto status = read_status(::getpid());
  if (!status) throw_system_error(errno, "read", "/proc/self/stat", "mount /proc");
  return {::getpid(), status->start_ticks};
}

bool is_alive(const ProcessIdentity& process) {
  const auto status = read_status(process.pid);
  return status && status->start_ticks == process.start_ticks && status->state != 'Z' &&
         status->state != 'X';
}

std::string boot_id() {
  constexpr const char* kPath = "/proc/sys/kernel/random/boot_id";
  auto text = read_text_file(kPath);
  if (!text) throw_system_error(errno, "read", kPath, "mount /proc");
  return *std::move(text);
}

FileDescriptor open_pidfd(pid_t pid) noexcept {
  return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong == std::errc{} && rest == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

std::optional<std::uint64_t> netns_inode_of(pid_t pid) {
  struct stat status {};
  if (::stat(fmt::format("/proc/{}/ns/net", pid).c_str(), &status) < 0) return std::nullopt;
  return status.st_ino;
}

ProcessNamespaces own_namespaces() {
  constexpr const char* kPath = "/proc/self/ns/user";
  struct stat user {};
  check_system_call(::stat(kPath, &user), "look at", kPath, "mount /proc");
  return {.network = current_netns_inode(), .user = user.st_ino};
}

bool lives_in_user_namespace(pid_t pid, std::uint64_t inode) {
  FileDescriptor place(::open(fmt::format("/proc/{}/ns/user", pid).c_str(), O_RDONLY | O_CLOEXEC));
  while (place.is_open()) {
    struct stat status {};
    if (::fstat(place.get(), &status) == 0 && status.st_ino == inode) return true;
    place = FileDescriptor(::ioctl(place.get(), NS_GET_PARENT));
  }
  return false;
}

bool networkd_runs_here() {
  // The kernel keeps 15 characters of a process's name.
  static constexpr const char* kName = "systemd-network";
  const std::uint64_t here = current_netns_inode();
  const auto pids = all_processes();
  return std::any_of(pids.begin(), pids.end(), [here](pid_t pid) {
    return read_text_file(fmt::format("/proc/{}/comm", pid)) == kName &&
           netns_inode_of(pid) == here;
  });
}

}  // namespace tunrelay
