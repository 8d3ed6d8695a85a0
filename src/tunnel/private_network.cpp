// SPDX-License-Identifier: MIT
#include "tunnel/private_network.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"
#include "tunnel/private_mounts.hpp"

namespace tunrelay {
namespace {

void write_file(const char* path, const std::string& text) {
  const FileDescriptor file(check_system_call(::open(path, O_WRONLY | O_CLOEXEC), "open", path));
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw_system_error(errno, "write", path);
}

// user_namespaces(7).
void become_root_of_a_user_namespace() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  check_system_call(::unshare(CLONE_NEWUSER), "make", "a user namespace",
                    "run as root, or allow user namespaces "
                    "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces); in a "
                    "chroot the kernel makes none");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", fmt::format("0 {} 1", user));
  write_file("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

void bring_loopback_up() {
  const FileDescriptor socket(check_system_call(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                                                "open", "a socket in the private network"));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  check_system_call(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up",
                    "lo of the private network");
}

/// An empty directory of our own over PATH; what is mounted in it later shows in the mount
/// namespaces that are made from this one. Where the directory can't be made there is nothing to
/// hide either.
void cover_with_private_directory(const char* path) {
  if (::mkdir(path, 0755) != 0 && errno != EEXIST) return;
  ::mount("tunrelay", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m");
  ::mount(nullptr, path, nullptr, MS_SHARED, nullptr);
}

}  // namespace

void enter_user_namespace() {
  if (::geteuid() != 0) become_root_of_a_user_namespace();
}

ProcessNamespaces enter_private_network(Strategy strategy) {
  const ProcessNamespaces left = own_namespaces();
  enter_user_namespace();
  check_system_call(::unshare(CLONE_NEWNET | CLONE_NEWNS), "make", "a private network namespace",
                    "run as root, or in a container with --cap-add SYS_ADMIN");
  make_mounts_private();
  bring_loopback_up();
  // /sys/class/net of the new network; a container may forbid it, then it shows the old one.
  ::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  if (strategy == Strategy::kNamespaces) cover_with_private_directory("/run/netns");
  return left;
}

}  // namespace tunrelay
