// SPDX-License-Identifier: MIT
#include "route/plan/plan_choices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "route/plan/request_check.hpp"

namespace tunrelay {
namespace {

/// Why the tunnel can have no IPv6, or nothing.
std::optional<std::string> ipv6_hindrance(const PlanRequest& request, const HostState& state) {
  if (!state.has_ipv6) return "this kernel has no IPv6";
  for (const EndRequest* end : {&request.a, &request.b}) {
    if (state.is_ipv6_disabled(end->device))
      return fmt::format("IPv6 is switched off on {} (net/ipv6/conf/{}/disable_ipv6)", end->device,
                         end->device);
    const Interface* interface = state.find_interface(end->device);
    const std::uint32_t mtu_bytes = request.mtu_bytes != 0
                                        ? request.mtu_bytes
                                        : (interface == nullptr ? 0 : interface->mtu_bytes);
    if (mtu_bytes != 0 && mtu_bytes < kMinimumIpv6MtuBytes)
      return fmt::format("IPv6 needs an MTU of {} bytes, {} has {}", kMinimumIpv6MtuBytes,
                         end->device, mtu_bytes);
  }
  return std::nullopt;
}

TunnelEnd choose_end(const EndRequest& request, Strategy strategy, const HostState& state) {
  TunnelEnd end;
  end.device = request.device;
  if (const Interface* interface = state.find_interface(request.device))
    end.device_index = interface->index;
  if (strategy == Strategy::kNamespaces) end.netns = request.netns_name;
  end.addresses = request.addresses;
  return end;
}

void drop_ipv6(TunnelEnd& end) {
  std::erase_if(end.addresses, [](const IpPrefix& prefix) { return !prefix.address.is_ipv4(); });
}

bool is_table_free(std::uint32_t table, const HostState& state) {
  return std::none_of(state.routes.begin(), state.routes.end(),
                      [table](const Route& route) { return route.table == table; }) &&
         std::none_of(state.rules.begin(), state.rules.end(),
                      [table](const Rule& rule) { return rule.table == table; });
}

void choose_tables(const PlanRequest& request, const HostState& state, PlanChoices& choices) {
  const bool is_classic = request.strategy == Strategy::kClassic;
  std::uint32_t table = kFirstTable;
  while (!is_table_free(table, state) || !is_table_free(table + 1, state)) table += 2;
  if (is_classic && is_table_free(kClassicTable, state)) table = kClassicTable;
  choices.table_in = request.table_in != 0 ? request.table_in : table;
  if (is_classic) return;
  choices.table_out = request.table_out != 0 ? request.table_out : table + 1;
}

/// The first rule that the kernel looks up after priority 0 and that is not of a tunnel of ours.
std::optional<Rule> find_lowest_foreign_rule(const PlanRequest& request, const HostState& state,
                                             const std::vector<IpFamily>& families) {
  const auto is_siblings = [&request](const Rule& rule) {
    return std::any_of(request.siblings.begin(), request.siblings.end(), [&](const Step& step) {
      const auto* added = std::get_if<AddRule>(&step.change);
      return added != nullptr && is_same_choice(added->rule, rule);
    });
  };
  std::optional<Rule> lowest;
  for (const Rule& rule : state.rules) {
    if (std::find(families.begin(), families.end(), rule.family) == families.end()) continue;
    if (rule.priority == 0 || is_siblings(rule)) continue;
    if (!lowest || rule.priority < lowest->priority) lowest = rule;
  }
  return lowest;
}

std::optional<std::uint32_t> sibling_local_priority(const PlanRequest& request) {
  for (const IpFamily family : {IpFamily::kIpv4, IpFamily::kIpv6})
    if (const Step* step = find_sibling_local_rule(request, family))
      return std::get<AddRule>(step->change).rule.priority;
  return std::nullopt;
}

/// How many priorities in a row the strategy needs.
std::uint32_t priorities_needed(const PlanRequest& request, const HostState& state) {
  if (request.strategy == Strategy::kClassic) return 1;
  const bool moves_local_rule =
      std::any_of(state.rules.begin(), state.rules.end(),
                  [](const Rule& rule) { return rule.priority == 0 && is_local_rule(rule); });
  return moves_local_rule ? 3 : 2;
}

std::optional<RulePriorities> choose_priorities(const PlanRequest& request, const HostState& state,
                                                const std::optional<Rule>& lowest) {
  const std::uint32_t needed = priorities_needed(request, state);
  const auto from = [](std::uint32_t first) {
    return RulePriorities{.in = first, .out = first + 1, .local = first + 2};
  };
  // Tunnels that share the local rule stand side by side before it.
  const auto local = sibling_local_priority(request);
  if (request.strategy == Strategy::kPolicy && request.first_priority == 0 && local) {
    if (*local <= 2 || (lowest && lowest->priority <= *local)) return std::nullopt;
    return from(*local - 2);
  }
  const std::uint32_t first = request.first_priority != 0 ? request.first_priority : kFirstPriority;
  if (!lowest || first + needed <= lowest->priority) return from(first);
  if (request.first_priority != 0 || lowest->priority <= needed) return std::nullopt;
  return from(lowest->priority - needed);
}

}  // namespace

PlanChoices choose(const PlanRequest& request, const HostState& state) {
  check_request(request);
  PlanChoices choices;
  choices.ends = {.strategy = request.strategy,
                  .a = choose_end(request.a, request.strategy, state),
                  .b = choose_end(request.b, request.strategy, state)};
  const auto wanted = families_of(choices.ends.a);
  if (std::find(wanted.begin(), wanted.end(), IpFamily::kIpv6) != wanted.end()) {
    if (const auto hindrance = ipv6_hindrance(request, state)) {
      if (wanted.size() == 1)
        throw_unsupported_error("plan the routes of", request.a.device + " and " + request.b.device,
                                "only IPv6 addresses are wanted, but " + *hindrance,
                                "give IPv4 addresses too");
      drop_ipv6(choices.ends.a);
      drop_ipv6(choices.ends.b);
      choices.notes.push_back("The tunnel carries IPv4 alone: " + *hindrance + ".");
    }
  }
  choices.protocol =
      request.protocol.value_or(state.networkd_runs ? std::uint8_t{RTPROT_KERNEL} : kOwnProtocol);
  if (request.strategy == Strategy::kNamespaces) return choices;
  choose_tables(request, state, choices);
  choices.lowest_foreign_rule =
      find_lowest_foreign_rule(request, state, families_of(choices.ends.a));
  choices.priorities = choose_priorities(request, state, choices.lowest_foreign_rule);
  return choices;
}

const Step* find_sibling_local_rule(const PlanRequest& request, IpFamily family) {
  for (const Step& step : request.siblings) {
    const auto* added = std::get_if<AddRule>(&step.change);
    if (step.shared && added != nullptr && added->rule.family == family &&
        is_local_rule(added->rule))
      return &step;
  }
  return nullptr;
}

std::vector<AddressPair> address_pairs(const TunnelEnds& ends, IpFamily family) {
  const auto a = addresses_of(ends.a, family);
  const auto b = addresses_of(ends.b, family);
  std::vector<AddressPair> pairs;
  for (std::size_t at = 0; at < std::min(a.size(), b.size()); ++at)
    pairs.push_back({.a = a[at], .b = b[at]});
  return pairs;
}

}  // namespace tunrelay
