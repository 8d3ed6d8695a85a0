// SPDX-License-Identifier: MIT
#include "route/watch/path_check.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/error_line.hpp"
#include "os/netlink.hpp"
#include "os/netlink_values.hpp"
#include "route/apply/applier.hpp"
#include "route/model/host_state.hpp"
#include "route/model/iproute_text.hpp"

namespace tunrelay {
namespace {

struct Lookup {
  int system_errno = 0;
  Route route{};
};

/// What the kernel would do with one packet. ARRIVAL_INDEX 0: this host sends it.
Lookup look_up(NetlinkSocket& socket, const std::optional<IpAddress>& source,
               const IpAddress& target, int arrival_index) {
  NetlinkMessage request(RTM_GETROUTE, 0);
  auto& header = request.header<rtmsg>();
  header.rtm_family = static_cast<std::uint8_t>(target.address_family());
  header.rtm_dst_len = static_cast<std::uint8_t>(target.bits());
  if (source) header.rtm_src_len = static_cast<std::uint8_t>(source->bits());
  request.put_address(RTA_DST, target);
  if (source) request.put_address(RTA_SRC, *source);
  if (arrival_index != 0) request.put_u32(RTA_IIF, static_cast<std::uint32_t>(arrival_index));
  Lookup lookup;
  lookup.system_errno = socket.query(
      request, [&lookup](const nlmsghdr& answer) { lookup.route = decode_route(answer); });
  return lookup;
}

/// What a finding that concerns the whole way to END is about.
IpAddress target_at(const TunnelEnd& end) {
  return end.addresses.empty() ? IpAddress() : end.addresses[0].address;
}

class PathChecker {
 public:
  PathChecker(const TunnelEnds& ends, Applier& applier, PathCheck& check)
      : ends_(ends), applier_(applier), check_(check) {}

  void check(Direction direction) {
    const auto [source, target] = ends_of(ends_, direction);
    direction_ = direction;
    const auto source_interface = find_usable_interface(source);
    const auto target_interface = find_usable_interface(target);
    if (!source_interface || !target_interface) return;
    for (const IpFamily family : families_of(source)) {
      const auto from = addresses_of(source, family);
      const auto to = addresses_of(target, family);
      for (std::size_t at = 0; at < std::min(from.size(), to.size()); ++at) {
        check_output(source, *source_interface, from[at].address, to[at].address);
        check_input(target, *target_interface, from[at].address, to[at].address);
      }
    }
  }

 private:
  void find(const IpAddress& target, std::string text) {
    check_.findings.push_back({direction_, target, std::move(text)});
  }

  std::optional<Interface> find_usable_interface(const TunnelEnd& end) {
    const auto reading = read_interface(applier_.socket(end.netns), end.device);
    const IpAddress address = target_at(end);
    if (!reading) {
      find(address, fmt::format("There is no interface {}.", end.device));
      return std::nullopt;
    }
    if (!reading->interface.up) {
      find(address, fmt::format("The interface {} is down.", end.device));
      return std::nullopt;
    }
    if (!reading->interface.carrier) {
      find(address, fmt::format("No program has the interface {} open.", end.device));
      return std::nullopt;
    }
    return reading->interface;
  }

  /// Both for a program that leaves the source address open and for one that has bound it.
  void check_output(const TunnelEnd& source, const Interface& interface, const IpAddress& from,
                    const IpAddress& to) {
    for (const auto& bound : {std::optional<IpAddress>(), std::optional(from)}) {
      const Lookup lookup = look_up(applier_.socket(source.netns), bound, to, 0);
      const std::string what =
          bound ? fmt::format("Traffic from {} for {}", from.to_string(), to.to_string())
                : fmt::format("Traffic for {}", to.to_string());
      if (lookup.system_errno != 0)
        find(to, fmt::format("{} has no hint: {}.", what, describe_errno(lookup.system_errno)));
      else if (lookup.route.device_index != interface.index)
        find(to, fmt::format("{} leaves by {}, not by {}.", what, name_of(source, lookup.route),
                             interface.name));
      else if (lookup.route.type != RTN_UNICAST)
        find(to,
             fmt::format("{} meets a route of type {}.", what, route_type_name(lookup.route.type)));
      else if (!bound && lookup.route.preferred_source != from)
        find(to, fmt::format("{} bears another source address than {}.", what, from.to_string()));
    }
  }

  void check_input(const TunnelEnd& target, const Interface& interface, const IpAddress& from,
                   const IpAddress& to) {
    const Lookup lookup = look_up(applier_.socket(target.netns), from, to, interface.index);
    const std::string what = fmt::format("Traffic from {} for {} that arrives on {}",
                                         from.to_string(), to.to_string(), interface.name);
    if (lookup.system_errno != 0)
      find(to, fmt::format("{} is dropped: {} (net/ipv4/conf/{}/rp_filter can be the cause).", what,
                           describe_errno(lookup.system_errno), interface.name));
    else if (lookup.route.type != RTN_LOCAL)
      find(to, fmt::format("{} is not delivered: it meets a route of type {}.", what,
                           route_type_name(lookup.route.type)));
  }

  std::string name_of(const TunnelEnd& end, const Route& route) {
    for (const Interface& interface : read_interfaces(applier_.socket(end.netns)))
      if (interface.index == route.device_index) return interface.name;
    return "no interface";
  }

  const TunnelEnds& ends_;
  Applier& applier_;
  PathCheck& check_;
  Direction direction_ = Direction::kAToB;
};

}  // namespace

std::string PathCheck::to_string() const {
  std::string text;
  for (const PathFinding& finding : findings)
    text += fmt::format("{}: {}\n", tunrelay::to_string(finding.direction), finding.text);
  return text;
}

std::string PathCheck::summary() const {
  if (is_whole()) return {};
  const PathFinding& first = findings.front();
  std::string text = fmt::format("{}: {}", tunrelay::to_string(first.direction), first.text);
  if (findings.size() > 1) text += fmt::format(" (and {} more)", findings.size() - 1);
  return text;
}

PathEnds ends_of(const TunnelEnds& ends, Direction direction) {
  if (direction == Direction::kAToB) return {ends.a, ends.b};
  return {ends.b, ends.a};
}

PathCheck check_path(const TunnelEnds& ends, const EndSocketSource& source) {
  PathCheck check;
  auto direction = Direction::kAToB;
  try {
    Applier applier(source);
    PathChecker checker(ends, applier, check);
    checker.check(direction);
    direction = Direction::kBToA;
    checker.check(direction);
  } catch (const Error& error) {
    check.findings.push_back({direction, target_at(ends_of(ends, direction).target),
                              fmt::format("The path can't be looked at: {}.", error_line(error))});
  }
  return check;
}

}  // namespace tunrelay
