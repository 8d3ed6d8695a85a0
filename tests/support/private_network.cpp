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
#include <string>
#include <system_error>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"
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
  enter_private_network();
}

}  // namespace tunrelay::test
