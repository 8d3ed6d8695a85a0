// SPDX-License-Identifier: MIT
#include "route/apply/end_socket.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/error.hpp"
#include "os/netns.hpp"

namespace tunrelay {
namespace {

FileDescriptor open_here(EndSocket kind) {
  int domain = AF_INET6;
  int type = SOCK_DGRAM | SOCK_NONBLOCK;
  int protocol = 0;
  if (kind == EndSocket::kIpv4) {
    domain = AF_INET;
  } else if (kind == EndSocket::kRoutes) {
    domain = AF_NETLINK;
    type = SOCK_RAW;
    protocol = NETLINK_ROUTE;
  }
  return FileDescriptor(check_system_call(::socket(domain, type | SOCK_CLOEXEC, protocol), "open",
                                          "a socket at an end of the tunnel"));
}

}  // namespace

FileDescriptor open_end_socket(const std::string& netns, EndSocket kind) {
  if (netns.empty()) return open_here(kind);
  const FileDescriptor named = open_named_netns(netns);
  const NetnsScope scope(named.get());
  return open_here(kind);
}

}  // namespace tunrelay
