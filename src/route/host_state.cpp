#include "route/host_state.hpp"

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
#include "base/netns.hpp"
#include "base/sysctl.hpp"
#include "route/netlink_values.hpp"
#include "route/process.hpp"

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

std::map<std::string, std::string> read_settings(const std::vector<Link>& links) {
  std::map<std::string, std::string> settings;
  if (auto value = read_sysctl("net/ipv4/ip_forward"))
    settings.emplace("net/ipv4/ip_forward", *std::move(value));
  std::vector<std::string> devices{"all", "default"};
  for (const Link& link : links)
    if (link.kind == "tun") devices.push_back(link.name);
  for (const std::string& device : devices)
    for (const char* family : {"net/ipv4/conf/", "net/ipv6/conf/"})
      read_directory(fmt::format("{}{}", family, device), settings);
  return settings;
}

/// Gives every item the name of its interface: messages carry the number alone.
template <typename Item>
void name_devices(std::vector<Item>& items, const std::vector<Link>& links) {
  std::map<int, std::string> names;
  for (const Link& link : links) names.emplace(link.index, link.name);
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
  add_lines(lines, state.links, "");
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

const Link* HostState::find_link(const std::string& name) const noexcept {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

const Link* HostState::find_link(int index) const noexcept {
  const auto found = std::find_if(links.begin(), links.end(),
                                  [&](const Link& link) { return link.index == index; });
  return found == links.end() ? nullptr : &*found;
}

bool HostState::is_ipv6_disabled(const std::string& device) const {
  if (!has_ipv6) return true;
  for (const std::string& whose : {device, std::string("default")}) {
    const auto found = settings.find(fmt::format("net/ipv6/conf/{}/disable_ipv6", whose));
    if (found != settings.end()) return found->second == "1";
  }
  return false;
}

std::vector<Link> read_links(NetlinkSocket& socket) {
  auto request = dump_request<ifinfomsg>(RTM_GETLINK);
  std::vector<Link> links;
  socket.dump(request, [&links](const nlmsghdr& answer) { links.push_back(decode_link(answer)); });
  std::sort(links.begin(), links.end(),
            [](const Link& left, const Link& right) { return left.index < right.index; });
  return links;
}

std::vector<LinkAddress> read_addresses(NetlinkSocket& socket) {
  auto request = dump_request<ifaddrmsg>(RTM_GETADDR);
  std::vector<LinkAddress> addresses;
  socket.dump(request, [&addresses](const nlmsghdr& answer) {
    addresses.push_back(decode_link_address(answer));
  });
  std::stable_sort(addresses.begin(), addresses.end(),
                   [](const LinkAddress& left, const LinkAddress& right) {
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

std::optional<LinkReading> read_link(NetlinkSocket& socket, const std::string& name) {
  NetlinkMessage request(RTM_GETLINK, 0);
  request.header<ifinfomsg>();
  request.put_text(IFLA_IFNAME, name);
  LinkReading reading;
  const int error = socket.query(request, [&reading](const nlmsghdr& answer) {
    reading = {decode_link(answer), decode_link_counters(answer)};
  });
  if (error == ENODEV) return std::nullopt;
  if (error != 0) throw_system_error(error, "read the state of the interface", name);
  return reading;
}

HostState read_host_state() {
  NetlinkSocket socket;
  HostState state;
  state.links = read_links(socket);
  state.addresses = read_addresses(socket);
  state.rules = read_rules(socket);
  state.routes = read_routes(socket);
  name_devices(state.addresses, state.links);
  name_devices(state.routes, state.links);
  state.settings = read_settings(state.links);
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
