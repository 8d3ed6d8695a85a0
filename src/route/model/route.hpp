// SPDX-License-Identifier: MIT
// One route of one table, IPv4 or IPv6.
#pragma once

#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "os/netlink.hpp"

namespace tunrelay {

/// One of several ways of a multipath route.
struct NextHop {
  int device_index = 0;
  std::string device{};
  std::optional<IpAddress> gateway{};
  int weight = 1;

  bool operator==(const NextHop&) const = default;
};

struct Route {
  IpPrefix destination{};  ///< length 0: default
  std::uint8_t type = RTN_UNICAST;
  std::uint32_t table = RT_TABLE_MAIN;
  std::uint8_t protocol = RTPROT_UNSPEC;
  std::uint8_t scope = RT_SCOPE_UNIVERSE;
  std::uint8_t tos = 0;
  int device_index = 0;  ///< 0: none, or by name
  std::string device{};
  std::optional<IpAddress> gateway{};
  std::optional<IpAddress> preferred_source{};
  std::uint32_t metric = 0;
  std::string congestion_control{};  ///< that TCP begins with on this way; empty: the host's
  bool onlink = false;
  std::vector<NextHop> next_hops{};  ///< of a multipath route; else empty
  std::vector<std::byte> others{};   ///< attributes that have no name here, raw

  [[nodiscard]] bool is_ipv4() const noexcept { return destination.address.is_ipv4(); }
  bool operator==(const Route&) const = default;
};

/// From an RTM_NEWROUTE or RTM_DELROUTE message; without the interfaces' names.
Route decode_route(const nlmsghdr& message);

/// RTM_NEWROUTE or RTM_DELROUTE for a route without `others` and `next_hops` (the only kind
/// that we make or move). DEVICE_INDEX stands in for the route's own; 0: no interface.
NetlinkMessage encode_route(std::uint16_t type, std::uint16_t flags, const Route& route,
                            int device_index);

/// Whether FOUND, as the kernel shows it, is the route that WANTED requested: the kernel fills
/// in what WANTED leaves open (metric, scope, the lo of an IPv6 blackhole). A congestion control
/// that WANTED does not name may be anybody's.
bool is_same_route(const Route& wanted, const Route& found);

/// As `ip route show table all` shows it, which is also how `ip route add` wants it:
/// "local 192.168.13.1 dev tun0 table 5213 proto 213 scope host".
std::string to_line(const Route& route);

}  // namespace tunrelay
