// SPDX-License-Identifier: MIT
// One network interface, as far as routing is concerned.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tunrelay {

struct Interface {
  int index = 0;  ///< the interface's number: it survives a rename
  std::string name{};
  std::string kind{};     ///< "tun", "veth", ...; empty for hardware and lo
  bool up = false;        ///< set up by an administrator (IFF_UP)
  bool carrier = false;   ///< IFF_LOWER_UP: for a TUN, a program has it open
  bool loopback = false;  ///< IFF_LOOPBACK
  std::uint32_t mtu_bytes = 0;
  std::uint32_t txqueuelen = 0;  ///< packets
  bool takes_big_ipv4 = false;   ///< the kernel knows IPv4 packets of more than 64 KiB (Linux 6.3)
  /// IN6_ADDR_GEN_MODE_*; nothing where the interface has no IPv6.
  std::optional<std::uint8_t> address_generation{};

  bool operator==(const Interface&) const = default;
};

/// Packets that an interface has carried, as IFLA_STATS64 counts them.
struct InterfaceCounters {
  std::uint64_t rx_packets = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_dropped = 0;
};

/// From an RTM_NEWLINK or RTM_DELLINK message.
Interface decode_interface(const nlmsghdr& message);
InterfaceCounters decode_interface_counters(const nlmsghdr& message);

/// As `ip link` begins: "7: tun0: <UP> mtu 1500 qlen 500".
std::string to_line(const Interface& interface);

}  // namespace tunrelay
