// SPDX-License-Identifier: MIT
// What `policy` and `classic` share: the table that is asked for packets out of the tunnel.
#include <string_view>

#include "route/plan/plan_builder.hpp"

namespace tunrelay {
namespace {

Route local_route(const TunnelEnd& end, const IpAddress& address, std::uint32_t table,
                  std::uint8_t protocol) {
  return {
      .destination = host_prefix(address),
      .type = RTN_LOCAL,
      .table = table,
      .protocol = protocol,
      .scope = address.is_ipv4() ? std::uint8_t{RT_SCOPE_HOST} : std::uint8_t{RT_SCOPE_UNIVERSE},
      .device_index = end.device_index,
      .device = end.device};
}

}  // namespace

void PlanBuilder::add_table_in() {
  const std::uint32_t table = choices_.table_in;
  const auto add_plain = [&](std::string_view destination, std::uint8_t type) {
    add_route({.destination = IpPrefix::parse(destination),
               .type = type,
               .table = table,
               .protocol = choices_.protocol});
  };
  for (const IpFamily family : families()) {
    for (const TunnelEnd* end : {&ends().a, &ends().b})
      for (const IpPrefix& prefix : addresses_of(*end, family))
        add_route(local_route(*end, prefix.address, table, choices_.protocol));
    if (family == IpFamily::kIpv6) {
      // Neighbour discovery of a TAP, and all else that never leaves an interface, goes on to the
      // tables that the kernel keeps. (IPv4 multicast does not ask the tables for delivery.)
      add_plain("ff00::/8", RTN_THROW);
      add_plain("fe80::/10", RTN_THROW);
    }
    add_plain(family == IpFamily::kIpv4 ? "0.0.0.0/0" : "::/0", RTN_BLACKHOLE);
  }
}

void PlanBuilder::add_rules_in() {
  const std::uint32_t priority = priorities().in;
  for (const IpFamily family : families())
    for (const TunnelEnd* end : {&ends().a, &ends().b})
      add_rule({.family = family,
                .priority = priority,
                .table = choices_.table_in,
                .protocol = choices_.protocol,
                .iif = end->device});
}

}  // namespace tunrelay
