// SPDX-License-Identifier: MIT
#include "route/model/step.hpp"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

#include "route/model/iproute_text.hpp"

namespace tunrelay {
namespace {

std::string device_name(const std::string& name, int index) {
  return name.empty() ? fmt::format("if{}", index) : name;
}

/// As `ip link` calls it.
std::string address_generation_name(std::uint8_t mode) {
  switch (mode) {
    case IN6_ADDR_GEN_MODE_EUI64:
      return "eui64";
    case IN6_ADDR_GEN_MODE_NONE:
      return "none";
    case IN6_ADDR_GEN_MODE_STABLE_PRIVACY:
      return "stable_secret";
    case IN6_ADDR_GEN_MODE_RANDOM:
      return "random";
    default:
      return std::to_string(mode);
  }
}

std::string setting_text(const SetInterface& change) {
  std::string text;
  if (change.mtu_bytes) text += fmt::format(" mtu {}", *change.mtu_bytes);
  if (change.txqueuelen) text += fmt::format(" txqueuelen {}", *change.txqueuelen);
  if (change.address_generation)
    text += fmt::format(" addrgenmode {}", address_generation_name(*change.address_generation));
  if (change.up) text += *change.up ? " up" : " down";
  return text;
}

std::string netns_text(const std::string& name) {
  return name.empty() ? "the network namespace it came from" : "the network namespace " + name;
}

struct Describe {
  ChangeText operator()(const NoChange&) const { return {"do", "nothing"}; }
  ChangeText operator()(const SetInterface& change) const {
    return {"set up the interface",
            device_name(change.device.name, change.device.index) + setting_text(change)};
  }
  ChangeText operator()(const MoveInterface& change) const {
    return {"move the interface",
            fmt::format("{} into {}", change.device, netns_text(change.target_netns))};
  }
  ChangeText operator()(const AddAddress& change) const {
    return {"add the address", to_line(change.address)};
  }
  ChangeText operator()(const DeleteAddress& change) const {
    return {"delete the address", to_line(change.address)};
  }
  ChangeText operator()(const RenewAddress& change) const {
    return {"delete and add again the address", to_line(change.address)};
  }
  ChangeText operator()(const AddRoute& change) const {
    return {"add the route", to_line(change.route)};
  }
  ChangeText operator()(const DeleteRoute& change) const {
    return {"delete the route", to_line(change.route)};
  }
  ChangeText operator()(const AddRule& change) const {
    return {"add the rule", to_line(change.rule)};
  }
  ChangeText operator()(const DeleteRule& change) const {
    return {"delete the rule", to_line(change.rule)};
  }
  ChangeText operator()(const SetSysctl& change) const {
    return {"set", change.path + " to " + change.value};
  }
  ChangeText operator()(const AddNamespace& change) const {
    return {"make the network namespace", change.name};
  }
  ChangeText operator()(const DeleteNamespace& change) const {
    return {"delete the network namespace", change.name};
  }
};

/// Prints the command in the namespace that the step acts in.
struct PrintCommand {
  const std::string& netns;

  [[nodiscard]] std::string ip(const char* family = "") const {
    return netns.empty() ? fmt::format("ip{}", family) : fmt::format("ip -n {}{}", netns, family);
  }
  [[nodiscard]] std::string address(const char* subcommand, const InterfaceAddress& address) const {
    const bool is_ipv4 = address.prefix.address.is_ipv4();
    std::string text = fmt::format("{} address {} ", ip(is_ipv4 ? "" : " -6"), subcommand);
    text += address.peer ? fmt::format("{} peer {}/{}", address.prefix.address.to_string(),
                                       address.peer->to_string(), address.prefix.length)
                         : address.prefix.to_string();
    text += " dev " + device_name(address.device, address.device_index);
    if (*subcommand != 'a') return text;
    if ((address.flags & IFA_F_NODAD) != 0) text += " nodad";
    if ((address.flags & IFA_F_NOPREFIXROUTE) != 0) text += " noprefixroute";
    return text;
  }
  [[nodiscard]] std::string route(const char* subcommand, const Route& route) const {
    return fmt::format("{} route {} {}", ip(route.is_ipv4() ? "" : " -6"), subcommand,
                       to_line(route));
  }
  [[nodiscard]] std::string rule(const char* subcommand, const Rule& rule) const {
    return fmt::format("{} rule {} pref {} {} protocol {}",
                       ip(rule.family == IpFamily::kIpv4 ? "" : " -6"), subcommand, rule.priority,
                       choice_text(rule), protocol_name(rule.protocol));
  }

  std::string operator()(const NoChange&) const { return {}; }
  std::string operator()(const SetInterface& change) const {
    return fmt::format("{} link set dev {}{}", ip(),
                       device_name(change.device.name, change.device.index), setting_text(change));
  }
  std::string operator()(const MoveInterface& change) const {
    const std::string source =
        change.source_netns.empty() ? "ip" : fmt::format("ip -n {}", change.source_netns);
    return fmt::format("{} link set dev {} netns {}", source, change.device,
                       change.target_netns.empty() ? "/proc/$$/ns/net" : change.target_netns);
  }
  std::string operator()(const AddAddress& change) const { return address("add", change.address); }
  std::string operator()(const DeleteAddress& change) const {
    return address("del", change.address);
  }
  std::string operator()(const RenewAddress& change) const {
    return address("del", change.address) + " && " + address("add", change.address);
  }
  std::string operator()(const AddRoute& change) const { return route("add", change.route); }
  std::string operator()(const DeleteRoute& change) const { return route("del", change.route); }
  std::string operator()(const AddRule& change) const { return rule("add", change.rule); }
  std::string operator()(const DeleteRule& change) const { return rule("del", change.rule); }
  std::string operator()(const SetSysctl& change) const {
    const std::string where = netns.empty() ? "" : fmt::format("ip netns exec {} ", netns);
    return fmt::format("{}sysctl -w {}={}", where, change.path, change.value);
  }
  std::string operator()(const AddNamespace& change) const {
    return fmt::format("ip netns add {}", change.name);
  }
  std::string operator()(const DeleteNamespace& change) const {
    return fmt::format("ip netns del {}", change.name);
  }
};

}  // namespace

ChangeText describe(const Change& change) {
  return std::visit(Describe{}, change);
}

std::string to_command(const Change& change, const std::string& netns) {
  return std::visit(PrintCommand{netns}, change);
}

}  // namespace tunrelay
