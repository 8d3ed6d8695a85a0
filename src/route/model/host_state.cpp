// SPDX-License-Identifier: MIT
#include "route/model/host_state.hpp"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <set>

#include "base/error.hpp"
#include "os/netlink_values.hpp"
#include "os/netns.hpp"
#include "os/process.hpp"
#include "os/sysctl.hpp"

namespace tunrelay {
namespace {

template <typename Header>
NetlinkMessage dump_request(std::uint16_t type) {
  NetlinkMessage request(type, 0);
  request.header<Header>();
  return request;
}

void read_directory(const std::string& path, std::map<std::string, std::string>& settings) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/sys/" + path, error), end;
       !error && entry != end; entry.increment(error)) {
    std::string file = fmt::format("{}/{}", path, entry->path().filename().string());
    if (auto value = read_sysctl(file)) settings.emplace(std::move(file), *std::move(value));
  }
}

std::map<std::string, std::string> read_settings(const std::vector<Interface>& interfaces) {
  std::map<std::string, std::string> settings;
  if (auto value = read_sysctl("net/ipv4/ip_forward"))
    settings.emplace("net/ipv4/ip_forward", *std::move(value));
  std::vector<std::string> devices{"all", "default"};
  for (const Interface& interface : interfaces)
    if (interface.kind == "tun") devices.push_back(interface.name);
  for (const std::string& device : devices)
    for (const char* family : {"net/ipv4/conf/", "net/ipv6/conf/"})
      read_directory(fmt::format("{}{}", family, device), settings);
  return settings;
}

/// Gives every item the name of its interface: messages carry the number alone.
template <typename Item>
void name_devices(std::vector<Item>& items, const std::vector<Interface>& interfaces) {
  std::map<int, std::string> names;
  for (const Interface& interface : interfaces) names.emplace(interface.index, interface.name);
  const auto name_of = [&names](int index) {
    const auto found = names.find(index);
    return found == names.end() ? std::string() : found->second;
  };
  for (Item& item : items) {
    item.device = name_of(item.device_index);
    if constexpr (std::is_same_v<Item, Route>)
      for (NextHop& next_hop : item.next_hops) next_hop.device = name_of(next_hop.device_index);
  }
}

template <typename Item>
void add_lines(std::multiset<std::string>& lines, const std::vector<Item>& items,
               const std::string& prefix) {
  for (const Item& item : items) lines.insert(prefix + to_line(item));
}

std::multiset<std::string> lines_of(const HostState& state) {
  std::multiset<std::string> lines;
  add_lines(lines, state.interfaces, "");
  add_lines(lines, state.addresses, "");
  for (const Rule& rule : state.rules)
    lines.insert((rule.family == IpFamily::kIpv4 ? "rule " : "rule -6 ") + to_line(rule));
  for (const Route& route : state.routes)
    lines.insert((route.is_ipv4() ? "route " : "route -6 ") + to_line(route));
  for (const auto& [path, value] : state.settings)
    lines.insert(fmt::format("{} = {}", path, value));
  for (const std::string& name : state.named_netns) lines.insert("netns " + name);
  return lines;
}

}  // namespace

const Interface* HostState::find_interface(const std::string& name) const noexcept {
  const auto found =
      std::find_if(interfaces.begin(), interfaces.end(),
                   [&](const Interface& interface) { return interface.name == name; });
  return found == interfaces.end() ? nullptr : &*found;
}

const Interface* HostState::find_interface(int index) const noexcept {
  const auto found =
      std::find_if(interfaces.begin(), interfaces.end(),
                   [&](const Interface& interface) { return interface.index == index; });
  return found == interfaces.end() ? nullptr : &*found;
}

bool HostState::is_ipv6_disabled(const std::string& device) const {
  if (!has_ipv6) return true;
  for (const std::string& whose : {device, std::string("default")}) {
    const auto found = settings.find(fmt::format("net/ipv6/conf/{}/disable_ipv6", whose));
    if (found != settings.end()) return found->second == "1";
  }
  return false;
}

std::vector<Interface> read_interfaces(NetlinkSocket& socket) {
  auto request = dump_request<ifinfomsg>(RTM_GETLINK);
  std::vector<Interface> interfaces;
  socket.dump(request, [&interfaces](const nlmsghdr& answer) {
    interfaces.push_back(decode_interface(answer));
  });
  std::sort(interfaces.begin(), interfaces.end(),
            [](const Interface& left, const Interface& right) { return left.index < right.index; });
  return interfaces;
}

std::vector<InterfaceAddress> read_addresses(NetlinkSocket& socket) {
  auto request = dump_request<ifaddrmsg>(RTM_GETADDR);
  std::vector<InterfaceAddress> addresses;
  socket.dump(request, [&addresses](const nlmsghdr& answer) {
    addresses.push_back(decode_interface_address(answer));
  });
  std::stable_sort(addresses.begin(), addresses.end(),
                   [](const InterfaceAddress& left, const InterfaceAddress& right) {
                     return left.device_index < right.device_index;
                   });
  return addresses;
}

std::vector<Rule> read_rules(NetlinkSocket& socket) {
  std::vector<Rule> rules;
  for (const int family : {AF_INET, AF_INET6}) {
    NetlinkMessage request(RTM_GETRULE, 0);
    request.header<fib_rule_hdr>().family = static_cast<std::uint8_t>(family);
    socket.dump(request, [&](const nlmsghdr& answer) {
      // A kernel without IPv6 answers for all the families that it has.
      if (fixed_header<fib_rule_hdr>(answer).family == family) rules.push_back(decode_rule(answer));
    });
  }
  return rules;
}

std::vector<Route> read_routes(NetlinkSocket& socket, const RouteFilter& filter) {
  std::vector<Route> routes;
  for (const int family : {AF_INET, AF_INET6}) {
    NetlinkMessage request(RTM_GETROUTE, 0);
    request.header<rtmsg>().rtm_family = static_cast<std::uint8_t>(family);
    if (filter.table != 0) request.put_u32(RTA_TABLE, filter.table);
    if (filter.device_index != 0)
      request.put_u32(RTA_OIF, static_cast<std::uint32_t>(filter.device_index));
    socket.dump(request, [&](const nlmsghdr& answer) {
      if (fixed_header<rtmsg>(answer).rtm_family != family) return;
      Route route = decode_route(answer);
      // Kernels before 5.0 don't filter.
      if (filter.table != 0 && route.table != filter.table) return;
      if (filter.device_index != 0 && route.device_index != filter.device_index) return;
      routes.push_back(std::move(route));
    });
  }
  return routes;
}

std::optional<InterfaceReading> read_interface(NetlinkSocket& socket, const std::string& name) {
  NetlinkMessage request(RTM_GETLINK, 0);
  request.header<ifinfomsg>();
  request.put_text(IFLA_IFNAME, name);
  InterfaceReading reading;
  const int error = socket.query(request, [&reading](const nlmsghdr& answer) {
    reading = {decode_interface(answer), decode_interface_counters(answer)};
  });
  if (error == ENODEV) return std::nullopt;
  if (error != 0) throw_system_error(error, "read the state of the interface", name);
  return reading;
}

HostState read_host_state() {
  NetlinkSocket socket;
  HostState state;
  state.interfaces = read_interfaces(socket);
  state.addresses = read_addresses(socket);
  state.rules = read_rules(socket);
  state.routes = read_routes(socket);
  name_devices(state.addresses, state.interfaces);
  name_devices(state.routes, state.interfaces);
  state.settings = read_settings(state.interfaces);
  state.named_netns = named_netns();
  std::error_code ignored;
  state.has_ipv6 = std::filesystem::exists("/proc/thread-self/net/if_inet6", ignored);
  state.networkd_runs = networkd_runs_here();
  return state;
}

std::vector<std::string> differences(const HostState& before, const HostState& after) {
  const auto had = lines_of(before);
  const auto has = lines_of(after);
  std::vector<std::string> lines;
  const auto add_missing = [&lines](const auto& from, const auto& in, const char* mark) {
    std::vector<std::string> missing;
    std::set_difference(from.begin(), from.end(), in.begin(), in.end(),
                        std::back_inserter(missing));
    for (const std::string& line : missing) lines.push_back(mark + line);
  };
  add_missing(had, has, "- ");
  add_missing(has, had, "+ ");
  return lines;
}

}  // namespace tunrelay
