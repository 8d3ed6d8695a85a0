// SPDX-License-Identifier: MIT
#include "route/model/interface_address.hpp"

#include <fmt/format.h>
#include <linux/if_addr.h>

#include "os/netlink_values.hpp"
#include "route/model/iproute_text.hpp"

namespace tunrelay {
namespace {

// What an address is doing, or what the kernel works out by itself, not what it is.
constexpr std::uint32_t kPassingFlags =
    IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED | IFA_F_DEPRECATED;

constexpr std::array<std::uint16_t, 9> kKnownAddressAttributes{
    IFA_ADDRESS, IFA_LOCAL,       IFA_LABEL, IFA_BROADCAST,     IFA_CACHEINFO,
    IFA_FLAGS,   IFA_RT_PRIORITY, IFA_PROTO, IFA_TARGET_NETNSID};

}  // namespace

InterfaceAddress decode_interface_address(const nlmsghdr& message) {
  const auto header = fixed_header<ifaddrmsg>(message);
  const auto attributes = parse_attributes<kAttributeCount>(message, sizeof header);
  InterfaceAddress address;
  address.prefix = any_prefix(header.ifa_family);
  // With a peer, IFA_LOCAL is the interface's own address; IPv4 always has both.
  const nlattr* own =
      attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  if (is_address(own)) address.prefix.address = IpAddress(bytes_of(*own));
  address.prefix.length = header.ifa_prefixlen;
  if (is_address(attributes[IFA_ADDRESS])) {
    const IpAddress other(bytes_of(*attributes[IFA_ADDRESS]));
    if (other != address.prefix.address) address.peer = other;
  }
  if (is_address(attributes[IFA_BROADCAST]))
    address.broadcast = IpAddress(bytes_of(*attributes[IFA_BROADCAST]));
  address.device_index = static_cast<int>(header.ifa_index);
  address.scope = header.ifa_scope;
  const auto flags = number_of<std::uint32_t>(attributes[IFA_FLAGS], header.ifa_flags);
  address.flags = flags & ~kPassingFlags & ~std::uint32_t{IFA_F_PERMANENT};
  address.permanent = (flags & IFA_F_PERMANENT) != 0;
  address.protocol = number_of<std::uint8_t>(attributes[IFA_PROTO]);
  address.label = text_of(attributes[IFA_LABEL]);
  if (attributes[IFA_RT_PRIORITY] != nullptr)
    address.route_metric = number_of<std::uint32_t>(attributes[IFA_RT_PRIORITY]);
  address.others = other_attributes(attributes, kKnownAddressAttributes);
  return address;
}

NetlinkMessage encode_interface_address(std::uint16_t type, std::uint16_t flags,
                                        const InterfaceAddress& address, int device_index) {
  NetlinkMessage message(type, flags);
  auto& header = message.header<ifaddrmsg>();
  header.ifa_family = static_cast<std::uint8_t>(address.prefix.address.address_family());
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix.length);
  header.ifa_scope = address.scope;
  header.ifa_index = static_cast<std::uint32_t>(device_index);
  message.put_address(IFA_LOCAL, address.prefix.address);
  message.put_address(IFA_ADDRESS, address.peer.value_or(address.prefix.address));
  if (type == RTM_DELADDR) return message;
  if (address.broadcast) message.put_address(IFA_BROADCAST, *address.broadcast);
  // Whether it is a secondary address follows from the others on the interface.
  const std::uint32_t wanted_flags = address.flags & ~std::uint32_t{IFA_F_SECONDARY};
  if (wanted_flags != 0) message.put_u32(IFA_FLAGS, wanted_flags);
  if (!address.label.empty()) message.put_text(IFA_LABEL, address.label);
  if (address.route_metric) message.put_u32(IFA_RT_PRIORITY, *address.route_metric);
  if (address.protocol != 0) message.put_u8(IFA_PROTO, address.protocol);
  return message;
}

std::string to_line(const InterfaceAddress& address) {
  std::string line = address.prefix.address.is_ipv4() ? "inet " : "inet6 ";
  line += address.peer ? fmt::format("{} peer {}/{}", address.prefix.address.to_string(),
                                     address.peer->to_string(), address.prefix.length)
                       : address.prefix.to_string();
  if (address.broadcast) line += " brd " + address.broadcast->to_string();
  line += " scope " + scope_name(address.scope);
  if (!address.permanent) line += " dynamic";
  if ((address.flags & IFA_F_NODAD) != 0) line += " nodad";
  if ((address.flags & IFA_F_NOPREFIXROUTE) != 0) line += " noprefixroute";
  if (address.protocol != 0) line += fmt::format(" proto {}", address.protocol);
  return line + " " +
         (address.device.empty() ? fmt::format("if{}", address.device_index) : address.device);
}

}  // namespace tunrelay
