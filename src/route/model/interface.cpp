// SPDX-License-Identifier: MIT
#include "route/model/interface.hpp"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <string_view>

#include "os/netlink.hpp"
#include "os/netlink_values.hpp"

namespace tunrelay {
namespace {

// <net/if.h> lacks it and <linux/if.h> can't stand beside <net/if.h>.
constexpr unsigned kLowerUp = 1U << 16;
// IFLA_GRO_IPV4_MAX_SIZE of <linux/if_link.h>, which headers before 6.3 lack: what the kernel's own
// GRO may merge. It came with the length 0 of larger IPv4 packets (commit b1a78b9b9886).
constexpr int kGroIpv4MaxSize = 64;

std::optional<std::uint8_t> address_generation_of(const nlattr* af_spec) {
  if (af_spec == nullptr) return std::nullopt;
  const auto families = parse_nested_attributes<AF_INET6 + 1>(*af_spec);
  if (families[AF_INET6] == nullptr) return std::nullopt;
  const auto inet6 = parse_nested_attributes<IFLA_INET6_MAX + 1>(*families[AF_INET6]);
  if (inet6[IFLA_INET6_ADDR_GEN_MODE] == nullptr) return std::nullopt;
  return number_of<std::uint8_t>(inet6[IFLA_INET6_ADDR_GEN_MODE]);
}

}  // namespace

Interface decode_interface(const nlmsghdr& message) {
  const auto header = fixed_header<ifinfomsg>(message);
  const auto attributes =
      parse_attributes<std::max(IFLA_MAX, kGroIpv4MaxSize) + 1>(message, sizeof header);
  Interface interface;
  interface.index = header.ifi_index;
  interface.name = text_of(attributes[IFLA_IFNAME]);
  if (attributes[IFLA_LINKINFO] != nullptr)
    interface.kind = text_of(
        parse_nested_attributes<IFLA_INFO_MAX + 1>(*attributes[IFLA_LINKINFO])[IFLA_INFO_KIND]);
  interface.up = (header.ifi_flags & IFF_UP) != 0;
  interface.carrier = (header.ifi_flags & kLowerUp) != 0;
  interface.loopback = (header.ifi_flags & IFF_LOOPBACK) != 0;
  interface.mtu_bytes = number_of<std::uint32_t>(attributes[IFLA_MTU]);
  interface.txqueuelen = number_of<std::uint32_t>(attributes[IFLA_TXQLEN]);
  interface.takes_big_ipv4 = attributes[kGroIpv4MaxSize] != nullptr;
  interface.address_generation = address_generation_of(attributes[IFLA_AF_SPEC]);
  return interface;
}

InterfaceCounters decode_interface_counters(const nlmsghdr& message) {
  const auto attributes = parse_attributes<IFLA_MAX + 1>(message, sizeof(ifinfomsg));
  InterfaceCounters counters;
  const nlattr* statistics = attributes[IFLA_STATS64];
  // Kernels append members to the structure, so a longer one is as good.
  if (statistics == nullptr) return counters;
  rtnl_link_stats64 raw{};
  const auto bytes = bytes_of(*statistics);
  std::memcpy(&raw, bytes.data(), std::min(bytes.size(), sizeof raw));
  counters.rx_packets = raw.rx_packets;
  counters.tx_packets = raw.tx_packets;
  counters.rx_dropped = raw.rx_dropped;
  counters.tx_dropped = raw.tx_dropped;
  return counters;
}

std::string to_line(const Interface& interface) {
  return fmt::format("{}: {}: <{}> mtu {} qlen {}", interface.index, interface.name,
                     interface.up ? "UP" : "", interface.mtu_bytes, interface.txqueuelen);
}

}  // namespace tunrelay
