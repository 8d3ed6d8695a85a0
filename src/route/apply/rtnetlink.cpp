// SPDX-License-Identifier: MIT
#include "route/apply/rtnetlink.hpp"

#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>

#include "os/wait_until.hpp"
#include "route/model/host_state.hpp"

namespace tunrelay {
namespace {

constexpr std::uint16_t kNew = NLM_F_CREATE | NLM_F_EXCL;

/// The number of the interface, or 0. A number stands for itself.
int index_of(NetlinkSocket& socket, int index, const std::string& name) {
  if (index != 0 || name.empty()) return index;
  const auto reading = read_interface(socket, name);
  return reading ? reading->interface.index : 0;
}

int change_route(NetlinkSocket& socket, std::uint16_t type, std::uint16_t flags,
                 const Route& route) {
  const int index = index_of(socket, route.device_index, route.device);
  if (index == 0 && !route.device.empty()) return ENODEV;
  auto message = encode_route(type, flags, route, index);
  return socket.request(message);
}

int change_rule(NetlinkSocket& socket, std::uint16_t type, std::uint16_t flags, const Rule& rule) {
  auto message = encode_rule(type, flags, rule);
  return socket.request(message);
}

/// The interface of a step, as it is now. The kernel may have given its index to another interface:
/// so the name must be the same too, or else it must be a TUN, which was renamed.
std::optional<Interface> find_device(NetlinkSocket& socket, const DeviceName& device) {
  for (Interface& interface : read_interfaces(socket)) {
    if (device.index == 0 ? interface.name == device.name
                          : interface.index == device.index &&
                                (interface.name == device.name || interface.kind == "tun"))
      return std::move(interface);
  }
  return std::nullopt;
}

/// The kernel puts the local route of an IPv6 address in place a moment after the address, from
/// a work queue. Returns when it is there, or when it does not come.
void await_local_route(NetlinkSocket& socket, const IpAddress& address, int device_index) {
  const RouteFilter filter{.table = RT_TABLE_LOCAL, .device_index = device_index};
  const auto is_it = [&address](const Route& route) {
    return route.type == RTN_LOCAL && route.destination.address == address;
  };
  const auto is_there = [&] {
    const auto routes = read_routes(socket, filter);
    return std::any_of(routes.begin(), routes.end(), is_it);
  };
  static_cast<void>(wait_until(is_there, kNanosecondsPerSecond, kNanosecondsPerMillisecond));
}

/// The same for an address just added; on an interface that is down no route will come.
void settle(NetlinkSocket& socket, const InterfaceAddress& address, int device_index) {
  if (address.prefix.address.is_ipv4()) return;
  const auto interface = find_device(socket, {device_index, address.device});
  if (interface && interface->up) await_local_route(socket, address.prefix.address, device_index);
}

/// Whether it is the kernel's own route for an address.
bool is_address_route(const Route& route) {
  return route.table == RT_TABLE_LOCAL && route.type == RTN_LOCAL;
}

/// Whether the address for which the kernel has made the route is there.
bool has_address(NetlinkSocket& socket, const Route& route) {
  const auto addresses = read_addresses(socket);
  return std::any_of(addresses.begin(), addresses.end(), [&route](const InterfaceAddress& address) {
    return address.device_index == route.device_index &&
           address.prefix.address == route.destination.address;
  });
}

bool is_empty(const SetInterface& change) {
  return change == SetInterface{.device = change.device};
}

}  // namespace

int add_rule(NetlinkSocket& socket, const Rule& rule) {
  return change_rule(socket, RTM_NEWRULE, kNew, rule);
}

int delete_rule(NetlinkSocket& socket, const Rule& rule) {
  return change_rule(socket, RTM_DELRULE, 0, rule);
}

int restore_rule(NetlinkSocket& socket, const Rule& rule) {
  const auto rules = read_rules(socket);
  const bool is_there = std::any_of(rules.begin(), rules.end(), [&rule](const Rule& present) {
    return is_same_choice(rule, present);
  });
  return is_there ? EEXIST : add_rule(socket, rule);
}

int add_route(NetlinkSocket& socket, const Route& route) {
  return change_route(socket, RTM_NEWROUTE, kNew, route);
}

int delete_route(NetlinkSocket& socket, const Route& route) {
  if (!route.is_ipv4() && is_address_route(route) && has_address(socket, route))
    await_local_route(socket, route.destination.address, route.device_index);
  return change_route(socket, RTM_DELROUTE, 0, route);
}

int restore_route(NetlinkSocket& socket, const Route& route) {
  return is_address_route(route) && !has_address(socket, route) ? EADDRNOTAVAIL
                                                                : add_route(socket, route);
}

int add_address(NetlinkSocket& socket, const InterfaceAddress& address) {
  const int index = index_of(socket, address.device_index, address.device);
  if (index == 0) return ENODEV;
  auto message = encode_interface_address(RTM_NEWADDR, kNew, address, index);
  const int error = socket.request(message);
  if (error == 0) settle(socket, address, index);
  return error;
}

int delete_address(NetlinkSocket& socket, const InterfaceAddress& address) {
  const int index = index_of(socket, address.device_index, address.device);
  const auto addresses = read_addresses(socket);
  const auto present =
      std::find_if(addresses.begin(), addresses.end(), [&](const InterfaceAddress& one) {
        return one.device_index == index && one.prefix == address.prefix;
      });
  if (present == addresses.end()) return EADDRNOTAVAIL;
  // Kernels before 5.18 keep no protocol. Later ones give one to 127.0.0.1 at least.
  const bool kernel_keeps_protocols =
      std::any_of(addresses.begin(), addresses.end(),
                  [](const InterfaceAddress& one) { return one.protocol != 0; });
  if (kernel_keeps_protocols && present->protocol != address.protocol) return EADDRNOTAVAIL;
  auto message = encode_interface_address(RTM_DELADDR, 0, address, index);
  return socket.request(message);
}

int renew_address(NetlinkSocket& socket, const InterfaceAddress& address) {
  const int index = index_of(socket, address.device_index, address.device);
  const auto addresses = read_addresses(socket);
  const bool is_there =
      std::any_of(addresses.begin(), addresses.end(), [&](const InterfaceAddress& one) {
        return one.device_index == index && one.prefix == address.prefix;
      });
  if (!is_there) return EADDRNOTAVAIL;
  auto away = encode_interface_address(RTM_DELADDR, 0, address, index);
  auto again = encode_interface_address(RTM_NEWADDR, kNew, address, index);
  const int error = socket.request_together(away, again);
  if (error == 0) settle(socket, address, index);
  return error;
}

int set_interface(NetlinkSocket& socket, const SetInterface& wanted) {
  const int index = index_of(socket, wanted.device.index, wanted.device.name);
  if (index == 0) return ENODEV;
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto& header = message.header<ifinfomsg>();
  header.ifi_index = index;
  if (wanted.up) {
    header.ifi_change = IFF_UP;
    header.ifi_flags = *wanted.up ? unsigned{IFF_UP} : 0U;
  }
  if (wanted.mtu_bytes) message.put_u32(IFLA_MTU, *wanted.mtu_bytes);
  if (wanted.txqueuelen) message.put_u32(IFLA_TXQLEN, *wanted.txqueuelen);
  if (wanted.address_generation) {
    nlattr* families = message.begin_nest(IFLA_AF_SPEC);
    nlattr* inet6 = message.begin_nest(AF_INET6);
    message.put_u8(IFLA_INET6_ADDR_GEN_MODE, *wanted.address_generation);
    message.end_nest(inet6);
    message.end_nest(families);
  }
  return socket.request(message);
}

int restore_interface(NetlinkSocket& socket, const SetInterface& change, const SetInterface& undo) {
  const auto interface = find_device(socket, undo.device);
  if (!interface) return ENODEV;
  SetInterface wanted{.device = {interface->index, interface->name}};
  const auto still = [](const auto& set, const auto& present) { return !set || *set == present; };
  if (undo.up && *undo.up != interface->up && still(change.up, interface->up)) wanted.up = undo.up;
  if (undo.mtu_bytes && *undo.mtu_bytes != interface->mtu_bytes &&
      still(change.mtu_bytes, interface->mtu_bytes))
    wanted.mtu_bytes = undo.mtu_bytes;
  if (undo.txqueuelen && *undo.txqueuelen != interface->txqueuelen &&
      still(change.txqueuelen, interface->txqueuelen))
    wanted.txqueuelen = undo.txqueuelen;
  if (undo.address_generation && undo.address_generation != interface->address_generation &&
      still(change.address_generation, interface->address_generation))
    wanted.address_generation = undo.address_generation;
  return is_empty(wanted) ? 0 : set_interface(socket, wanted);
}

int move_interface(NetlinkSocket& socket, const std::string& device, int target_netns_fd) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.header<ifinfomsg>();
  message.put_text(IFLA_IFNAME, device);
  message.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(target_netns_fd));
  return socket.request(message);
}

}  // namespace tunrelay
