// SPDX-License-Identifier: MIT
#include "route/plan/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "route/model/iproute_text.hpp"
#include "route/plan/plan_choices.hpp"

namespace tunrelay {
namespace {

constexpr const char* kOtherAddresses =
    "choose other addresses for the tunnel (--address-a, --address-b)";

class ConflictFinder {
 public:
  ConflictFinder(const PlanRequest& request, const HostState& state)
      : request_(request), state_(state), choices_(choose(request, state)) {}

  std::vector<Conflict> find() && {
    const std::vector<std::pair<const EndRequest*, const TunnelEnd*>> ends{
        {&request_.a, &choices_.ends.a}, {&request_.b, &choices_.ends.b}};
    for (const auto& [request, end] : ends) {
      look_at_device(*request, *end);
      for (const IpPrefix& prefix : end->addresses) {
        look_at_addresses(*end, prefix);
        look_at_routes(prefix);
      }
    }
    if (request_.strategy == Strategy::kNamespaces) {
      for (const auto& [request, end] : ends) look_at_namespace(*request, *end);
      return std::move(conflicts_);
    }
    look_at_table(choices_.table_in);
    if (request_.strategy == Strategy::kPolicy) look_at_table(choices_.table_out);
    look_at_priorities();
    return std::move(conflicts_);
  }

 private:
  void add(std::string text, std::string line, std::string hint) {
    // What stands in the way of both ends, in one subnet, is one conflict.
    const auto is_same = [&](const Conflict& other) {
      return !line.empty() && other.line == line && other.hint == hint;
    };
    if (std::none_of(conflicts_.begin(), conflicts_.end(), is_same))
      conflicts_.push_back({std::move(text), std::move(line), std::move(hint)});
  }

  [[nodiscard]] bool is_ours(int device_index) const {
    return device_index != 0 && (device_index == choices_.ends.a.device_index ||
                                 device_index == choices_.ends.b.device_index);
  }

  void look_at_device(const EndRequest& request, const TunnelEnd& end) {
    const Interface* interface = state_.find_interface(end.device);
    if (interface == nullptr)
      return add(fmt::format("there is no interface {}", end.device), "",
                 fmt::format("make it: ip tuntap add {} mode tun", end.device));
    const bool takes_ipv6_away =
        !request.made_by_us && request_.mtu_bytes != 0 && request_.mtu_bytes < kMinimumIpv6MtuBytes;
    if (!takes_ipv6_away) return;
    for (const InterfaceAddress& address : state_.addresses)
      if (address.device_index == end.device_index && !address.prefix.address.is_ipv4())
        add(fmt::format("an MTU of {} bytes would take the IPv6 addresses of {} away",
                        request_.mtu_bytes, end.device),
            to_line(address), "choose an MTU of 1280 bytes or more, or remove that address");
  }

  void look_at_addresses(const TunnelEnd& end, const IpPrefix& prefix) {
    for (const InterfaceAddress& address : state_.addresses) {
      if (!address.prefix.overlaps(prefix)) continue;
      if (!is_ours(address.device_index))
        add(fmt::format("{} overlaps the subnet of another interface", prefix.to_string()),
            to_line(address), kOtherAddresses);
      else if (address.prefix.address != prefix.address)
        continue;  // a second address in the same subnet, or the other end's
      else if (address.device_index != end.device_index)
        add(fmt::format("{} is on the other end's interface", prefix.to_string()), to_line(address),
            "swap the two ends, or choose other addresses");
      else if (address.prefix.length != prefix.length)
        add(fmt::format("{} is there with another prefix length", prefix.address.to_string()),
            to_line(address),
            fmt::format("use {}, or remove that address", address.prefix.to_string()));
    }
  }

  /// A default route is not a conflict, nor is a wide range that is dropped as a whole.
  void look_at_routes(const IpPrefix& prefix) {
    for (const Route& route : state_.routes) {
      if (route.table == RT_TABLE_LOCAL || route.destination.length == 0 ||
          is_ours(route.device_index) || !route.destination.overlaps(prefix))
        continue;
      if (route.type != RTN_UNICAST && route.destination.length < prefix.length) continue;
      if (has_overlapping_address(route.device_index, prefix)) continue;  // it goes with that
      add(fmt::format("{} overlaps a route of another interface", prefix.to_string()),
          to_line(route), kOtherAddresses);
    }
  }

  [[nodiscard]] bool has_overlapping_address(int device_index, const IpPrefix& prefix) const {
    return std::any_of(
        state_.addresses.begin(), state_.addresses.end(), [&](const InterfaceAddress& address) {
          return address.device_index == device_index && address.prefix.overlaps(prefix);
        });
  }

  void look_at_namespace(const EndRequest& request, const TunnelEnd& end) {
    const auto& names = state_.named_netns;
    if (std::find(names.begin(), names.end(), end.netns) != names.end())
      add(fmt::format("there is a network namespace {} already", end.netns), end.netns,
          fmt::format("choose another name, or remove it: ip netns delete {}", end.netns));
    if (request.made_by_us || end.device_index == 0) return;
    for (const Route& route : state_.routes)
      if (route.device_index == end.device_index && route.protocol != RTPROT_KERNEL)
        add(fmt::format("a route would be lost when {} moves into its namespace", end.device),
            to_line(route), "remove that route, or choose another strategy");
  }

  void look_at_table(std::uint32_t table) {
    const std::string hint = "choose another table, or leave the choice to tunrelay";
    for (const Route& route : state_.routes)
      if (route.table == table)
        return add(fmt::format("table {} is not empty", table_name(table)), to_line(route), hint);
    for (const Rule& rule : state_.rules)
      if (rule.table == table)
        return add(fmt::format("a rule uses table {} already", table_name(table)), to_line(rule),
                   hint);
  }

  void look_at_priorities() {
    if (choices_.priorities) return;
    // Only a foreign rule takes the room.
    const std::string line =
        choices_.lowest_foreign_rule ? to_line(*choices_.lowest_foreign_rule) : "";
    if (request_.first_priority != 0)
      return add(fmt::format("rules from priority {} on would not all stand before a rule that is "
                             "there",
                             request_.first_priority),
                 line, "choose a smaller priority, or leave the choice to tunrelay");
    add("there are not enough free priorities before a rule that is there", line,
        "move that rule to a larger priority");
  }

  const PlanRequest& request_;
  const HostState& state_;
  PlanChoices choices_;
  std::vector<Conflict> conflicts_;
};

// A host can have thousands of routes in the way; a few show what it is about.
constexpr std::size_t kMaxGroups = 4;
constexpr std::size_t kMaxLines = 3;

/// Conflicts that differ in the line alone, in the order of the first.
using ConflictGroup = std::vector<Conflict>;

std::vector<ConflictGroup> group_by_text(const std::vector<Conflict>& conflicts) {
  std::vector<ConflictGroup> groups;
  for (const Conflict& conflict : conflicts) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const ConflictGroup& group) {
      return group.front().text == conflict.text && group.front().hint == conflict.hint;
    });
    if (same != groups.end())
      same->push_back(conflict);
    else
      groups.push_back({conflict});
  }
  return groups;
}

std::string text_of(const ConflictGroup& group) {
  std::string text = "\n  - " + group.front().text;
  for (std::size_t at = 0; at < std::min(group.size(), kMaxLines); ++at)
    if (!group[at].line.empty()) text += "\n      " + group[at].line;
  if (group.size() > kMaxLines)
    text += fmt::format("\n      and {} more", group.size() - kMaxLines);
  return text + "\n    hint: " + group.front().hint;
}

}  // namespace

std::vector<Conflict> find_conflicts(const PlanRequest& request, const HostState& state) {
  return ConflictFinder(request, state).find();
}

void refuse_conflicts(const PlanRequest& request, const HostState& state) {
  const auto conflicts = find_conflicts(request, state);
  if (conflicts.empty()) return;
  std::string answer = conflicts.size() == 1
                           ? "something is in the way"
                           : fmt::format("{} things are in the way", conflicts.size());
  const auto groups = group_by_text(conflicts);
  for (std::size_t at = 0; at < std::min(groups.size(), kMaxGroups); ++at)
    answer += text_of(groups[at]);
  if (groups.size() > kMaxGroups)
    answer += fmt::format("\n  - and {} kinds of conflict more", groups.size() - kMaxGroups);
  throw_unsupported_error("route through", request.a.device + " and " + request.b.device, answer);
}

Plan prepare_plan(const PlanRequest& request, const HostState& state) {
  refuse_conflicts(request, state);
  return make_plan(request, state);
}

}  // namespace tunrelay
