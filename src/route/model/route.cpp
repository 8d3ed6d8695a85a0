// SPDX-License-Identifier: MIT
#include "route/model/route.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/ensure.hpp"
#include "os/netlink_values.hpp"
#include "route/model/iproute_text.hpp"

namespace tunrelay {
namespace {

// What of a route is named, and what of it moves by itself (RTA_CACHEINFO).
constexpr std::array<std::uint16_t, 9> kKnownRouteAttributes{
    RTA_DST,       RTA_OIF,   RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC,
    RTA_MULTIPATH, RTA_TABLE, RTA_PREF,    RTA_CACHEINFO};

std::vector<NextHop> decode_next_hops(const nlattr& attribute) {
  std::vector<NextHop> next_hops;
  auto bytes = bytes_of(attribute);
  while (bytes.size() >= sizeof(rtnexthop)) {
    rtnexthop raw{};
    std::memcpy(&raw, bytes.data(), sizeof raw);
    if (raw.rtnh_len < sizeof raw || raw.rtnh_len > bytes.size()) break;
    const auto attributes = collect_attributes<RTA_MAX + 1>(
        reinterpret_cast<const nlattr*>(bytes.data() + sizeof raw), raw.rtnh_len - sizeof raw);
    NextHop next_hop{.device_index = raw.rtnh_ifindex, .weight = raw.rtnh_hops + 1};
    if (is_address(attributes[RTA_GATEWAY]))
      next_hop.gateway = IpAddress(bytes_of(*attributes[RTA_GATEWAY]));
    next_hops.push_back(std::move(next_hop));
    bytes = bytes.subspan(std::min<std::size_t>(RTNH_ALIGN(raw.rtnh_len), bytes.size()));
  }
  return next_hops;
}

/// The congestion control that is all the METRICS of a route; else empty.
std::string lone_congestion_control(const nlattr& metrics) {
  const auto attributes = parse_nested_attributes<RTAX_MAX + 1>(metrics);
  for (std::size_t metric = 0; metric < attributes.size(); ++metric)
    if (attributes[metric] != nullptr && metric != RTAX_CC_ALGO) return {};
  return text_of(attributes[RTAX_CC_ALGO]);
}

std::string device_text(const std::string& device, int index) {
  return device.empty() ? fmt::format("if{}", index) : device;
}

}  // namespace

Route decode_route(const nlmsghdr& message) {
  const auto header = fixed_header<rtmsg>(message);
  auto attributes = parse_attributes<kAttributeCount>(message, sizeof header);
  Route route;
  route.destination = any_prefix(header.rtm_family);
  if (is_address(attributes[RTA_DST]))
    route.destination.address = IpAddress(bytes_of(*attributes[RTA_DST]));
  route.destination.length = header.rtm_dst_len;
  route.type = header.rtm_type;
  route.table = number_of<std::uint32_t>(attributes[RTA_TABLE], header.rtm_table);
  route.protocol = header.rtm_protocol;
  route.scope = header.rtm_scope;
  route.tos = header.rtm_tos;
  route.device_index = number_of<int>(attributes[RTA_OIF]);
  if (is_address(attributes[RTA_GATEWAY]))
    route.gateway = IpAddress(bytes_of(*attributes[RTA_GATEWAY]));
  if (is_address(attributes[RTA_PREFSRC]))
    route.preferred_source = IpAddress(bytes_of(*attributes[RTA_PREFSRC]));
  route.metric = number_of<std::uint32_t>(attributes[RTA_PRIORITY]);
  route.onlink = (header.rtm_flags & RTNH_F_ONLINK) != 0;
  if (attributes[RTA_MULTIPATH] != nullptr)
    route.next_hops = decode_next_hops(*attributes[RTA_MULTIPATH]);
  if (attributes[RTA_METRICS] != nullptr)
    route.congestion_control = lone_congestion_control(*attributes[RTA_METRICS]);
  if (!route.congestion_control.empty()) attributes[RTA_METRICS] = nullptr;
  route.others = other_attributes(attributes, kKnownRouteAttributes);
  return route;
}

NetlinkMessage encode_route(std::uint16_t type, std::uint16_t flags, const Route& route,
                            int device_index) {
  ensure(route.others.empty() && route.next_hops.empty(), "a route of ours is a plain one");
  NetlinkMessage message(type, flags);
  auto& header = message.header<rtmsg>();
  header.rtm_family = static_cast<std::uint8_t>(route.destination.address.address_family());
  header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
  header.rtm_tos = route.tos;
  // A number over 255 stands in the attribute alone.
  header.rtm_table =
      static_cast<std::uint8_t>(route.table < 256 ? route.table : std::uint32_t{RT_TABLE_UNSPEC});
  header.rtm_protocol = route.protocol;
  header.rtm_scope = route.scope;
  header.rtm_type = route.type;
  header.rtm_flags = route.onlink ? RTNH_F_ONLINK : 0;
  message.put_u32(RTA_TABLE, route.table);
  if (route.destination.length != 0) message.put_address(RTA_DST, route.destination.address);
  if (device_index != 0) message.put_u32(RTA_OIF, static_cast<std::uint32_t>(device_index));
  if (route.gateway) message.put_address(RTA_GATEWAY, *route.gateway);
  if (route.preferred_source) message.put_address(RTA_PREFSRC, *route.preferred_source);
  if (route.metric != 0) message.put_u32(RTA_PRIORITY, route.metric);
  // A route is known without it when it is deleted.
  if (!route.congestion_control.empty() && type == RTM_NEWROUTE) {
    nlattr* metrics = message.begin_nest(RTA_METRICS);
    message.put_text(RTAX_CC_ALGO, route.congestion_control);
    message.end_nest(metrics);
  }
  return message;
}

bool is_same_route(const Route& wanted, const Route& found) {
  return wanted.destination == found.destination && wanted.type == found.type &&
         wanted.table == found.table && wanted.protocol == found.protocol &&
         wanted.gateway == found.gateway &&
         (wanted.device_index == 0 || wanted.device_index == found.device_index) &&
         (!wanted.preferred_source || wanted.preferred_source == found.preferred_source) &&
         (wanted.metric == 0 || wanted.metric == found.metric) &&
         (wanted.congestion_control.empty() ||
          wanted.congestion_control == found.congestion_control);
}

std::string to_line(const Route& route) {
  std::string line;
  if (route.type != RTN_UNICAST) line = route_type_name(route.type) + " ";
  if (route.destination.length == 0)
    line += "default";
  else if (route.destination.length == route.destination.address.bits())
    line += route.destination.address.to_string();
  else
    line += route.destination.to_string();
  if (route.tos != 0) line += fmt::format(" tos {:#x}", route.tos);
  if (route.gateway) line += " via " + route.gateway->to_string();
  if (route.device_index != 0 || !route.device.empty())
    line += " dev " + device_text(route.device, route.device_index);
  if (route.table != RT_TABLE_MAIN) line += " table " + table_name(route.table);
  // `ip` leaves out boot, as what is meant when nobody says a protocol.
  if (route.protocol != RTPROT_BOOT) line += " proto " + protocol_name(route.protocol);
  if (route.scope != RT_SCOPE_UNIVERSE) line += " scope " + scope_name(route.scope);
  if (route.preferred_source) line += " src " + route.preferred_source->to_string();
  if (route.metric != 0) line += fmt::format(" metric {}", route.metric);
  if (route.onlink) line += " onlink";
  if (!route.congestion_control.empty()) line += " congctl " + route.congestion_control;
  for (const NextHop& next_hop : route.next_hops) {
    line += " nexthop";
    if (next_hop.gateway) line += " via " + next_hop.gateway->to_string();
    line += fmt::format(" dev {} weight {}", device_text(next_hop.device, next_hop.device_index),
                        next_hop.weight);
  }
  return line;
}

}  // namespace tunrelay
