// SPDX-License-Identifier: MIT
#include "device/tun_node.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr const char* kTunNode = "/dev/net/tun";

std::string hint_of_open(int error) {
  switch (error) {
    case ENOENT:
      return "make the node: mkdir -p /dev/net && mknod /dev/net/tun c 10 200; in a container add "
             "--device /dev/net/tun";
    case ENODEV:
    case ENXIO:
      return "load the driver: modprobe tun (or use a kernel with CONFIG_TUN)";
    case EACCES:
      return "run as root, or give your user the node: chmod 0666 /dev/net/tun";
    case EPERM:
      return "the container's device policy forbids it: add --device /dev/net/tun --cap-add "
             "NET_ADMIN";
    default:
      return {};
  }
}

}  // namespace

FileDescriptor open_tun_node() {
  FileDescriptor node(::open(kTunNode, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!node.is_open()) throw_system_error(errno, "open", kTunNode, hint_of_open(errno));
  unsigned features = 0;
  if (::ioctl(node.get(), TUNGETFEATURES, &features) < 0 && errno == ENOTTY)
    throw_unsupported_error("use", kTunNode, "it is not the node of the tun driver",
                            "remove it, and mknod /dev/net/tun c 10 200");
  return node;
}

std::string probe_tun_node() {
  const FileDescriptor node = open_tun_node();
  unsigned features = 0;
  check_system_call(::ioctl(node.get(), TUNGETFEATURES, &features), "get the features of",
                    kTunNode);
  return fmt::format("{}, features {:#x}", kTunNode, features);
}

}  // namespace tunrelay
