// SPDX-License-Identifier: MIT
#include "support/private_network.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/file_descriptor.hpp"
#include "os/wait_until.hpp"
#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

constexpr const char* kTunNode = "/dev/net/tun";

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

void set_loopback_up() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  check(socket.get(), "socket");
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name);
  request.ifr_flags = IFF_UP;
  check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "set lo up");
}

/// What a test mounts, or makes read-only, ends with it: the next test of this process begins in
/// the mount namespace that the first began in.
void return_to_first_mounts() {
  static const FileDescriptor kFirst(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  check(kFirst.get(), "open /proc/self/ns/mnt");
  const std::filesystem::path folder = std::filesystem::current_path();
  // A thread that was joined shares our folders until the kernel is done with it (EINVAL).
  int result = -1;
  const auto is_answered = [&result] {
    result = ::setns(kFirst.get(), CLONE_NEWNS);  // which leads to its root folder
    return result == 0 || errno != EINVAL;
  };
  static_cast<void>(wait_until(is_answered, kNanosecondsPerSecond, kNanosecondsPerMillisecond));
  check(result, "setns");
  std::filesystem::current_path(folder);
}

}  // namespace

void enter_private_network() {
  check(::unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare");
  // Without this the mounts below would reach the machine's own tree.
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
  // A sysfs shows the network namespace in which it was mounted.
  check(::mount("sysfs", "/sys", "sysfs", 0, nullptr), "mount /sys");
  check(::mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"), "mount /run");
  set_loopback_up();
}

void PrivateNetwork::SetUp() {
  if (::geteuid() != 0) return skip_or_fail("a private network needs root");
  const FileDescriptor tun(::open(kTunNode, O_RDWR | O_CLOEXEC));
  if (!tun.is_open())
    return skip_or_fail(std::string("can't open ") + kTunNode + ": " + describe_errno(errno));
  return_to_first_mounts();
  enter_private_network();
}

}  // namespace tunrelay::test
