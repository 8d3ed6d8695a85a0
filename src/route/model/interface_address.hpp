// SPDX-License-Identifier: MIT
// An address on an interface, with all that is needed to put it back as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "os/netlink.hpp"

namespace tunrelay {

struct InterfaceAddress {
  IpPrefix prefix{};        ///< the address as written, and the length of its subnet
  int device_index = 0;     ///< 0: by name
  std::string device{};     ///< empty when the interface is not known by name
  std::uint8_t scope = 0;   ///< RT_SCOPE_*
  std::uint32_t flags = 0;  ///< IFA_F_*, without those of a passing state
  /// IFA_PROTO: who added it, 0 when nobody said. Kernels before 5.18 keep none.
  std::uint8_t protocol = 0;
  std::string label{};                   ///< IPv4
  std::optional<IpAddress> peer{};       ///< the other end of a point-to-point address
  std::optional<IpAddress> broadcast{};  ///< IPv4
  std::optional<std::uint32_t> route_metric{};
  bool permanent = true;            ///< false: it has a life time (DHCP, router advertisements)
  std::vector<std::byte> others{};  ///< attributes that have no name here, raw

  bool operator==(const InterfaceAddress&) const = default;
};

/// From an RTM_NEWADDR or RTM_DELADDR message; without the interface's name.
InterfaceAddress decode_interface_address(const nlmsghdr& message);

/// RTM_NEWADDR or RTM_DELADDR. DEVICE_INDEX stands in for the address's own.
NetlinkMessage encode_interface_address(std::uint16_t type, std::uint16_t flags,
                                        const InterfaceAddress& address, int device_index);

/// As `ip address` shows it: "inet 192.168.13.1/24 scope global tun0".
std::string to_line(const InterfaceAddress& address);

}  // namespace tunrelay
