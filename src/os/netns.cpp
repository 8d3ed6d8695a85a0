// SPDX-License-Identifier: MIT
#include "os/netns.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "os/momentary.hpp"

namespace tunrelay {
namespace {

// The thread's own, not /proc/self, which is the main thread's.
constexpr const char* kOwnNetns = "/proc/thread-self/ns/net";
constexpr const char* kNamedDirectory = "/run/netns";

std::string named_path(const std::string& name) {
  return fmt::format("{}/{}", kNamedDirectory, name);
}

bool is_netns_name(const std::string& name) {
  return !name.empty() && name.size() <= NAME_MAX && name != "." && name != ".." &&
         name.find('/') == std::string::npos;
}

/// Names have to show in every mount namespace that shares ours, and a deleted name has to go
/// from all of them: so the directory is a shared mount of its own, as `ip netns` makes it.
int share_named_directory() noexcept {
  if (::mkdir(kNamedDirectory, 0755) < 0 && errno != EEXIST) return errno;
  if (::mount(nullptr, kNamedDirectory, nullptr, MS_SHARED | MS_REC, nullptr) == 0) return 0;
  if (errno != EINVAL) return errno;
  // Not a mount point yet.
  if (::mount(kNamedDirectory, kNamedDirectory, nullptr, MS_BIND | MS_REC, nullptr) < 0)
    return errno;
  return ::mount(nullptr, kNamedDirectory, nullptr, MS_SHARED | MS_REC, nullptr) == 0 ? 0 : errno;
}

/// The kernel may lack memory for a moment, and a thread that stayed would change another
/// namespace.
void return_to(int home) noexcept {
  const int result = call_patiently([home] { return ::setns(home, CLONE_NEWNET); });
  ensure_errno(result == 0, errno, "return to a thread's network namespace");
}

/// Makes a new namespace, binds it to PATH, and comes back.
int bind_new_netns(const std::string& path) {
  const FileDescriptor home = open_current_netns();
  if (::unshare(CLONE_NEWNET) < 0) return errno;
  const int error = ::mount(kOwnNetns, path.c_str(), nullptr, MS_BIND, nullptr) == 0 ? 0 : errno;
  return_to(home.get());
  return error;
}

}  // namespace

FileDescriptor open_current_netns() {
  return FileDescriptor(
      check_system_call(::open(kOwnNetns, O_RDONLY | O_CLOEXEC), "open", kOwnNetns, "mount /proc"));
}

FileDescriptor open_named_netns(const std::string& name) {
  check_netns_name(name);
  const std::string path = named_path(name);
  return FileDescriptor(check_system_call(::open(path.c_str(), O_RDONLY | O_CLOEXEC),
                                          "open the network namespace", path));
}

std::uint64_t netns_inode(int netns_fd) {
  struct stat status {};
  check_system_call(::fstat(netns_fd, &status), "look at", "a network namespace");
  return status.st_ino;
}

std::uint64_t current_netns_inode() {
  return netns_inode(open_current_netns().get());
}

std::uint64_t current_netns_cookie() noexcept {
#ifdef SO_NETNS_COOKIE
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (socket.is_open() &&
      ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0)
    return cookie;
#endif
  return 0;
}

NetnsScope::NetnsScope(int netns_fd) : home_(open_current_netns()) {
  if (netns_inode(netns_fd) == netns_inode(home_.get())) {
    home_.reset();
    return;
  }
  check_system_call(::setns(netns_fd, CLONE_NEWNET), "enter", "a network namespace",
                    "run as root, or with CAP_SYS_ADMIN");
}

NetnsScope::~NetnsScope() {
  if (!home_.is_open()) return;
  return_to(home_.get());
}

void check_netns_name(const std::string& name) {
  if (!is_netns_name(name))
    throw_usage_error("name a network namespace", fmt::format("'{}'", name),
                      "it can't be a file's name", "use letters, digits and dashes");
}

std::vector<std::string> named_netns() {
  struct Close {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };
  std::vector<std::string> names;
  const std::unique_ptr<DIR, Close> directory(::opendir(kNamedDirectory));
  if (!directory) return names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

int create_named_netns(const std::string& name) noexcept try {
  if (!is_netns_name(name)) return EINVAL;
  if (const int error = share_named_directory()) return error;
  const std::string path = named_path(name);
  // The file that the namespace is bound to; O_EXCL decides between two that want the name.
  const FileDescriptor file(
      ::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0));
  if (!file.is_open()) return errno;
  const int error = bind_new_netns(path);
  if (error != 0) ::unlink(path.c_str());
  return error;
} catch (const Error& error) {
  return error.system_errno() != 0 ? error.system_errno() : EIO;
}

int delete_named_netns(const std::string& name) noexcept {
  if (!is_netns_name(name)) return EINVAL;
  const std::string path = named_path(name);
  // EINVAL: the file is there but nothing is bound to it, which a crash can leave behind.
  if (::umount2(path.c_str(), MNT_DETACH) < 0 && errno != EINVAL) return errno;
  return ::unlink(path.c_str()) == 0 ? 0 : errno;
}

}  // namespace tunrelay
