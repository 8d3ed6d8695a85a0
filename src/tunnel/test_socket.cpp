#include "tunnel/test_socket.hpp"

#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "base/netns.hpp"

namespace tunrelay {

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress result;
  if (address.is_ipv4()) {
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(result.storage);
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    std::memcpy(&ipv4.sin_addr, address.bytes().data(), 4);
    result.length = sizeof ipv4;
  } else {
    auto& ipv6 = reinterpret_cast<sockaddr_in6&>(result.storage);
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    std::memcpy(&ipv6.sin6_addr, address.bytes().data(), 16);
    result.length = sizeof ipv6;
  }
  return result;
}

FileDescriptor open_test_socket(const TunnelEnd& end, IpFamily family, int type) {
  const int domain = family == IpFamily::kIpv4 ? AF_INET : AF_INET6;
  const auto open = [&] {
    return FileDescriptor(check_system_call(
        ::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "open", "a test socket"));
  };
  if (end.netns.empty()) return open();
  const FileDescriptor netns = open_named_netns(end.netns);
  const NetnsScope scope(netns.get());
  return open();
}

std::uint16_t bind_anywhere(const FileDescriptor& socket, IpFamily family) {
  const IpAddress any = IpAddress::parse(family == IpFamily::kIpv4 ? "0.0.0.0" : "::");
  const SocketAddress address = socket_address(any, 0);
  check_system_call(::bind(socket.get(), address.get(), address.length), "bind", "a test socket");
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  check_system_call(
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.length),
      "read the port of", "a test socket");
  return ntohs(family == IpFamily::kIpv4
                   ? reinterpret_cast<const sockaddr_in&>(bound.storage).sin_port
                   : reinterpret_cast<const sockaddr_in6&>(bound.storage).sin6_port);
}

bool wait_to_read(const FileDescriptor& socket, std::int64_t deadline_ns) {
  pollfd entry{.fd = socket.get(), .events = POLLIN, .revents = 0};
  const std::int64_t left_ns =
      std::clamp<std::int64_t>(deadline_ns - monotonic_ns(), 0, kStandstillNs);
  const timespec limit = to_timespec(left_ns);
  return ::ppoll(&entry, 1, &limit, nullptr) > 0;
}

}  // namespace tunrelay
