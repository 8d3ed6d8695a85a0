// SPDX-License-Identifier: MIT
// An IP address with a port, in the form of the socket calls.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/ip_address.hpp"

namespace tunrelay {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);  ///< how much of it counts, or may be filled in

  /// To be filled in by the kernel.
  SocketAddress() = default;
  SocketAddress(const IpAddress& address, std::uint16_t port) noexcept;

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  /// What stands in it, of the family AF_INET or AF_INET6.
  [[nodiscard]] IpAddress ip() const;
  [[nodiscard]] std::uint16_t port() const noexcept;
};

}  // namespace tunrelay
