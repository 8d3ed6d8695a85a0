// SPDX-License-Identifier: MIT
// What a network namespace looks like at one moment: interfaces, addresses, rules and routes of all
// tables, IPv4 and IPv6. A plain value: plans and conflicts are worked out from it without
// reading from the kernel again, and two of them are compared to see what changed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/netlink.hpp"
#include "route/model/interface.hpp"
#include "route/model/interface_address.hpp"
#include "route/model/route.hpp"
#include "route/model/rule.hpp"

namespace tunrelay {

struct HostState {
  std::vector<Interface> interfaces{};        ///< by index
  std::vector<InterfaceAddress> addresses{};  ///< by interface, then as the kernel lists them
  std::vector<Rule> rules{};    ///< IPv4 before IPv6, each in the order in which they are looked up
  std::vector<Route> routes{};  ///< IPv4 before IPv6, as the kernel lists them
  /// Settings by their path under /proc/sys: ip_forward, and those under net/ipv4/conf and
  /// net/ipv6/conf of all, default and every TUN or TAP. Those that can't be read are absent.
  std::map<std::string, std::string> settings{};
  std::vector<std::string> named_netns{};  ///< sorted
  bool has_ipv6 = false;                   ///< the kernel has IPv6
  /// systemd-networkd looks after this namespace: it deletes foreign rules unless they bear
  /// the protocol `kernel`.
  bool networkd_runs = false;

  [[nodiscard]] const Interface* find_interface(const std::string& name) const noexcept;
  [[nodiscard]] const Interface* find_interface(int index) const noexcept;
  /// Whether IPv6 is switched off on that interface (or, unless there is one, on new ones).
  [[nodiscard]] bool is_ipv6_disabled(const std::string& device) const;

  bool operator==(const HostState&) const = default;
};

/// Reads the calling thread's network namespace. Throws Error.
HostState read_host_state();

/// Which routes to read; the kernel leaves out the others. 0: any.
struct RouteFilter {
  std::uint32_t table = 0;
  int device_index = 0;
};

/// The parts, for who needs not all of them. SOCKET chooses the namespace. They throw Error.
std::vector<Interface> read_interfaces(NetlinkSocket& socket);
std::vector<InterfaceAddress> read_addresses(NetlinkSocket& socket);
std::vector<Rule> read_rules(NetlinkSocket& socket);
std::vector<Route> read_routes(NetlinkSocket& socket, const RouteFilter& filter = {});
/// One interface with its counters; nothing when there is none of that name.
struct InterfaceReading {
  Interface interface {};
  InterfaceCounters counters{};
};
std::optional<InterfaceReading> read_interface(NetlinkSocket& socket, const std::string& name);

/// The lines that went ("- 0: from all lookup local") and that came ("+ ..."), for people.
std::vector<std::string> differences(const HostState& before, const HostState& after);

}  // namespace tunrelay
