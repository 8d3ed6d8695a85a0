// SPDX-License-Identifier: MIT
#include "route/plan/plan_builder.hpp"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

const Interface& require_interface(const EndRequest& request, const HostState& state) {
  const Interface* interface = state.find_interface(request.device);
  if (interface == nullptr)
    throw_unsupported_error(
        "plan the routes of", request.device, "there is no such interface",
        fmt::format("make it first: ip tuntap add {} mode tun", request.device));
  return *interface;
}

/// The settings of an interface of ours that keep it quiet: a TUN with IPv6 otherwise solicits
/// routers and counts packets that nobody sent.
struct QuietSetting {
  const char* name;
  const char* value;
};
constexpr std::array<QuietSetting, 3> kQuietSettings{
    {{"accept_ra", "0"}, {"router_solicitations", "0"}, {"accept_dad", "0"}}};

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

PlanBuilder::PlanBuilder(const PlanRequest& request, const HostState& state)
    : request_(request), state_(state), choices_(choose(request, state)), notes_(choices_.notes) {
  require_interface(request.a, state);
  require_interface(request.b, state);
}

RulePriorities PlanBuilder::priorities() const {
  if (choices_.priorities) return *choices_.priorities;
  ensure(choices_.lowest_foreign_rule.has_value(), "only a foreign rule takes the room");
  throw_unsupported_error("place the rules before", to_line(*choices_.lowest_foreign_rule),
                          "there are not enough free priorities between 0 and it",
                          "move that rule to a larger priority");
}

void PlanBuilder::add_route(const Route& route) {
  add({.change = AddRoute{route}, .undo = DeleteRoute{route}});
}

void PlanBuilder::add_rule(const Rule& rule) {
  add({.change = AddRule{rule}, .undo = DeleteRule{rule}});
}

void PlanBuilder::set_up_ends() {
  for (const auto& [request, end] :
       {std::pair{&request_.a, &ends().a}, std::pair{&request_.b, &ends().b}}) {
    set_up_interface(*request, *end);
    for (const IpPrefix& prefix : end->addresses) add_address(*end, prefix);
  }
}

void PlanBuilder::set_up_interface(const EndRequest& request, const TunnelEnd& end) {
  const Interface& interface = require_interface(request, state_);
  const DeviceName device{end.device_index, end.device};
  // What dies with the interface needs no undo.
  const bool undoable = !request.made_by_us;
  if (request.made_by_us) quiet_interface(interface, end);
  SetInterface size{.device = device};
  SetInterface former{.device = device};
  if (request_.mtu_bytes != 0 && request_.mtu_bytes != interface.mtu_bytes) {
    size.mtu_bytes = request_.mtu_bytes;
    former.mtu_bytes = interface.mtu_bytes;
  }
  if (request_.txqueuelen != 0 && request_.txqueuelen != interface.txqueuelen) {
    size.txqueuelen = request_.txqueuelen;
    former.txqueuelen = interface.txqueuelen;
  }
  if (size.mtu_bytes || size.txqueuelen)
    add({.change = size, .undo = undoable ? Change(former) : Change(NoChange{})});
  if (interface.up) return;
  if (undoable) {
    // Setting it down again takes its IPv6 addresses away.
    keep_addresses(end, false);
    // A TUN that generates its address draws a secret when it is first up, and keeps it: there
    // would be no way back (addrconf_dev_config() in net/ipv6/addrconf.c).
    stop_address_generation(
        interface, end,
        SetInterface{.device = device, .address_generation = interface.address_generation});
  }
  const SetInterface down{.device = device, .up = false};
  add({.change = SetInterface{.device = device, .up = true},
       .undo = undoable ? Change(down) : Change(NoChange{})});
}

void PlanBuilder::stop_address_generation(const Interface& interface, const TunnelEnd& end,
                                          const Change& undo) {
  if (state_.is_ipv6_disabled(end.device) || !interface.address_generation) return;
  if (interface.address_generation == IN6_ADDR_GEN_MODE_NONE) return;
  add({.netns = end.netns,
       .change = SetInterface{.device = {end.netns.empty() ? end.device_index : 0, end.device},
                              .address_generation = IN6_ADDR_GEN_MODE_NONE},
       .undo = undo,
       .optional = true});
}

void PlanBuilder::quiet_interface(const Interface& interface, const TunnelEnd& end) {
  if (state_.is_ipv6_disabled(end.device) || !interface.address_generation) return;
  stop_address_generation(interface, end, NoChange{});
  for (const QuietSetting& setting : kQuietSettings)
    add({.netns = end.netns,
         .change =
             SetSysctl{fmt::format("net/ipv6/conf/{}/{}", end.device, setting.name), setting.value},
         .optional = true});
}

void PlanBuilder::keep_addresses(const TunnelEnd& end, bool with_ipv4) {
  for (const InterfaceAddress& address : state_.addresses) {
    if (address.device_index != end.device_index || !address.permanent) continue;
    if (address.prefix.address.is_ipv4() ? !with_ipv4 : address.scope == RT_SCOPE_LINK) continue;
    add({.change = NoChange{}, .undo = AddAddress{address}});
  }
}

void PlanBuilder::keep_settings(const Interface& interface) {
  // By netlink, which changes the mode alone; the sysctl also makes an address at once. It is
  // put back after stable_secret, which changes it too, and before the interface is up.
  add({.change = NoChange{},
       .undo = SetInterface{.device = {0, interface.name},
                            .address_generation = interface.address_generation},
       .optional = true});
  for (const char* family : {"net/ipv4/conf/", "net/ipv6/conf/"}) {
    const std::string prefix = family + interface.name + "/";
    for (auto at = state_.settings.lower_bound(prefix);
         at != state_.settings.end() && at->first.starts_with(prefix); ++at)
      if (!at->first.ends_with("/addr_gen_mode"))
        add({.change = NoChange{}, .undo = SetSysctl{at->first, at->second}, .optional = true});
  }
}

InterfaceAddress PlanBuilder::planned_address(const TunnelEnd& end, const IpPrefix& prefix) const {
  InterfaceAddress address;
  address.prefix = prefix;
  address.device_index = end.netns.empty() ? end.device_index : 0;
  address.device = end.device;
  address.protocol = kOwnProtocol;
  // The peer is this host itself: there is nobody to detect a duplicate.
  if (!prefix.address.is_ipv4()) address.flags = IFA_F_NODAD;
  return address;
}

void PlanBuilder::add_address(const TunnelEnd& end, const IpPrefix& prefix) {
  const InterfaceAddress address = planned_address(end, prefix);
  if (!end.netns.empty())  // it goes with the namespace, or with the move back
    return add({.netns = end.netns, .change = AddAddress{address}, .undo = NoChange{}});
  for (const InterfaceAddress& present : state_.addresses)
    if (present.device_index == end.device_index && present.prefix == prefix)
      return;  // an administrator's: used, and left
  add({.change = AddAddress{address}, .undo = DeleteAddress{address}});
}

void PlanBuilder::set_up_end_in_namespace(const EndRequest& request, const TunnelEnd& end) {
  const Interface& interface = require_interface(request, state_);
  if (!request.made_by_us) {
    // The move takes its addresses and settings and sets it down.
    keep_addresses(end, true);
    add({.change = NoChange{},
         .undo = SetInterface{.device = {0, end.device},
                              .up = interface.up,
                              .mtu_bytes = interface.mtu_bytes,
                              .txqueuelen = interface.txqueuelen}});
    keep_settings(interface);
  }
  const MoveInterface away{.device = end.device, .source_netns = "", .target_netns = end.netns};
  const MoveInterface back{.device = end.device, .source_netns = end.netns, .target_netns = ""};
  add({.change = away, .undo = request.made_by_us ? Change(NoChange{}) : Change(back)});
  if (request.made_by_us) quiet_interface(interface, end);
  SetInterface settings{.device = {0, end.device}, .up = true};
  if (request_.mtu_bytes != 0) settings.mtu_bytes = request_.mtu_bytes;
  if (request_.txqueuelen != 0) settings.txqueuelen = request_.txqueuelen;
  add({.netns = end.netns, .change = settings});
  for (const IpPrefix& prefix : end.addresses) add_address(end, prefix);
}

Route PlanBuilder::peer_route(const TunnelEnd& end, const IpAddress& own, const IpAddress& far,
                              std::uint32_t table) const {
  return {.destination = host_prefix(far),
          .table = table,
          .protocol = choices_.protocol,
          .scope = far.is_ipv4() ? std::uint8_t{RT_SCOPE_LINK} : std::uint8_t{RT_SCOPE_UNIVERSE},
          .device_index = end.device_index,
          .device = end.device,
          .preferred_source = own,
          .congestion_control = request_.congestion_control};
}

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
      // tables that the kernel keeps. (IPv4 multicast is delivered without these tables.)
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

Plan PlanBuilder::finish() && {
  return {.ends = std::move(choices_.ends), .steps = std::move(steps_), .notes = std::move(notes_)};
}

IpPrefix host_prefix(const IpAddress& address) {
  return {address, address.bits()};
}

}  // namespace tunrelay
