// SPDX-License-Identifier: MIT
#include "tunnel/test_socket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>

#include "base/error.hpp"
#include "os/netns.hpp"

namespace tunrelay {

std::string test_place(std::string_view what, IpFamily family, const TunnelEnd& source,
                       const TunnelEnd& target) {
  return fmt::format("{} over IPv{} from {} to {}", what, static_cast<int>(family), source.device,
                     target.device);
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
  const SocketAddress address(any, 0);
  check_system_call(::bind(socket.get(), address.get(), address.length), "bind", "a test socket");
  SocketAddress bound;
  check_system_call(::getsockname(socket.get(), bound.get(), &bound.length), "read the port of",
                    "a test socket");
  return bound.port();
}

std::optional<TestConnection> connect_test_sockets(const TunnelEnd& source, const TunnelEnd& target,
                                                   IpFamily family, std::int64_t deadline_ns) {
  const FileDescriptor listener = open_test_socket(target, family, SOCK_STREAM);
  const std::uint16_t port = bind_anywhere(listener, family);
  check_system_call(::listen(listener.get(), 1), "listen on", "a test socket");
  TestConnection connection{.sender = open_test_socket(source, family, SOCK_STREAM),
                            .receiver = {}};
  const SocketAddress address(addresses_of(target, family).front().address, port);
  // It does not block; whether it has worked, the listener says.
  (void)::connect(connection.sender.get(), address.get(), address.length);
  if (!wait_to_read(listener, deadline_ns)) return std::nullopt;
  connection.receiver =
      FileDescriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  return connection;
}

bool wait_to_read(const FileDescriptor& socket, std::int64_t deadline_ns) {
  pollfd entry{.fd = socket.get(), .events = POLLIN, .revents = 0};
  const std::int64_t left_ns =
      std::clamp<std::int64_t>(deadline_ns - monotonic_ns(), 0, kStandstillNs);
  const timespec limit = to_timespec(left_ns);
  return ::ppoll(&entry, 1, &limit, nullptr) > 0;
}

}  // namespace tunrelay
