// SPDX-License-Identifier: MIT
// The strategy `classic`, the way of the article on two TUN interfaces on one host: the local
// routes of the two addresses go out of table `local` into one that is seen by `iif` rules
// alone. What this host sends to them then follows an ordinary route, through the tunnel.
// bind() to an IPv4 address of the tunnel fails under it: the address is in no local table.
#include <algorithm>

#include "route/plan/plan_builder.hpp"

namespace tunrelay {
namespace {

bool is_local_route(const Route& route, const TunnelEnd& end, const IpAddress& address) {
  return route.table == RT_TABLE_LOCAL && route.type == RTN_LOCAL &&
         route.device_index == end.device_index && route.destination == host_prefix(address);
}

/// The kernel's own route for an address: as it is, or as it will be once the plan has added
/// the address.
Route kernel_local_route(const PlanBuilder& builder, const TunnelEnd& end,
                         const IpAddress& address) {
  for (const Route& route : builder.state().routes)
    if (is_local_route(route, end, address)) return route;
  Route route{.destination = host_prefix(address),
              .type = RTN_LOCAL,
              .table = RT_TABLE_LOCAL,
              .protocol = RTPROT_KERNEL,
              .device_index = end.device_index,
              .device = end.device};
  if (address.is_ipv4()) {
    route.scope = RT_SCOPE_HOST;
    route.preferred_source = address;
  }
  return route;
}

/// The address as the plan's earlier steps leave it on its interface.
InterfaceAddress address_on(const PlanBuilder& builder, const TunnelEnd& end,
                            const IpPrefix& prefix) {
  for (const InterfaceAddress& address : builder.state().addresses)
    if (address.device_index == end.device_index && address.prefix == prefix) return address;
  return builder.planned_address(end, prefix);
}

/// An address that is at work without a local route: somebody has taken that away already.
bool lacks_local_route(const PlanBuilder& builder, const TunnelEnd& end, const IpAddress& address) {
  const HostState& state = builder.state();
  const Interface* interface = state.find_interface(end.device_index);
  const auto is_address = [&](const InterfaceAddress& one) {
    return one.device_index == end.device_index && one.prefix.address == address;
  };
  const auto is_route = [&](const Route& route) { return is_local_route(route, end, address); };
  return interface != nullptr && interface->up &&
         std::any_of(state.addresses.begin(), state.addresses.end(), is_address) &&
         std::none_of(state.routes.begin(), state.routes.end(), is_route);
}

void delete_local_route(PlanBuilder& builder, const TunnelEnd& end, const IpPrefix& prefix) {
  if (lacks_local_route(builder, end, prefix.address)) return;
  const Route route = kernel_local_route(builder, end, prefix.address);
  // IPv6 gives metric 0 to routes of the kernel's own making alone, so the address is renewed.
  const Change undo = route.is_ipv4() ? Change(AddRoute{route})
                                      : Change(RenewAddress{address_on(builder, end, prefix)});
  builder.add({.change = DeleteRoute{route}, .undo = undo});
}

}  // namespace

void plan_classic(PlanBuilder& builder) {
  const TunnelEnds& ends = builder.ends();
  builder.set_up_ends();
  builder.add_table_in();
  builder.add_rules_in();
  for (const IpFamily family : builder.families()) {
    const auto pairs = address_pairs(ends, family);
    // One route for the one address, before any of its subnet: so the reverse path filter finds
    // the interface on which the packets arrive. They name a source address, which must still
    // be in table `local` when they are added.
    for (const auto& [a, b] : pairs) {
      builder.add_route(builder.peer_route(ends.a, a.address, b.address, RT_TABLE_MAIN));
      builder.add_route(builder.peer_route(ends.b, b.address, a.address, RT_TABLE_MAIN));
    }
    for (const auto& [a, b] : pairs) {
      delete_local_route(builder, ends.a, a);
      delete_local_route(builder, ends.b, b);
    }
  }
  if (!addresses_of(ends.a, IpFamily::kIpv4).empty())
    builder.add_note(
        "With the strategy classic, programs can't bind() to the IPv4 addresses of the tunnel.");
}

}  // namespace tunrelay
