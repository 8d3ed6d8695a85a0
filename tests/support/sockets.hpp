// SPDX-License-Identifier: MIT
// Sockets of a test itself: an address from its text, a socket bound to it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include "os/file_descriptor.hpp"

namespace tunrelay::test {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  SocketAddress() = default;
  /// ADDRESS: "192.168.13.1" or "fd13::1".
  SocketAddress(const std::string& address, std::uint16_t port) {
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage);
    if (::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1) {
      ipv4.sin_family = AF_INET;
      ipv4.sin_port = htons(port);
      length = sizeof ipv4;
    } else if (::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) == 1) {
      ipv6.sin6_family = AF_INET6;
      ipv6.sin6_port = htons(port);
      length = sizeof ipv6;
    } else {
      throw std::invalid_argument("no address: " + address);
    }
  }

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

inline int check_socket_call(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

/// A socket of TYPE (SOCK_DGRAM, SOCK_STREAM) bound to ADDRESS and a port of the kernel's
/// choice. Throws std::system_error.
inline FileDescriptor bound_socket(const std::string& address, int type) {
  const SocketAddress name(address, 0);
  FileDescriptor socket(
      check_socket_call(::socket(name.storage.ss_family, type | SOCK_CLOEXEC, 0), "socket"));
  check_socket_call(::bind(socket.get(), name.get(), name.length), "bind");
  return socket;
}

inline SocketAddress name_of(const FileDescriptor& socket) {
  SocketAddress name;
  check_socket_call(::getsockname(socket.get(), name.get(), &name.length), "getsockname");
  return name;
}

inline void connect_socket(const FileDescriptor& socket, const SocketAddress& target) {
  check_socket_call(::connect(socket.get(), target.get(), target.length), "connect");
}

}  // namespace tunrelay::test
