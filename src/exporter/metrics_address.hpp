// SPDX-License-Identifier: MIT
// Where metrics are asked for, as the user wrote it: a TCP port of this host, or a unix socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.hpp"

namespace tunrelay {

struct MetricsAddress {
  std::string path;  ///< of a unix socket; empty: what follows holds
  IpAddress address = IpAddress::parse("127.0.0.1");
  std::uint16_t port = 0;  ///< 0: the kernel chooses a free one

  /// "9469", ":9469" (loopback), "192.0.2.1:9469", "[fd00::1]:9469", "unix:/run/relay.metrics".
  /// Throws a usage Error that quotes TEXT.
  [[nodiscard]] static MetricsAddress parse(std::string_view text);
  /// As parse() reads it, with the address.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const MetricsAddress&) const = default;
};

}  // namespace tunrelay
