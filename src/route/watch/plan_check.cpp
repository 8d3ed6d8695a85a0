// SPDX-License-Identifier: MIT
#include "route/watch/plan_check.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "route/apply/rtnetlink.hpp"

namespace tunrelay {
namespace {

template <typename Items, typename Predicate>
bool has(const Items& items, const Predicate& predicate) {
  return std::any_of(items.begin(), items.end(), predicate);
}

/// The same destination, whoever has put it there.
bool is_in_the_way(const Route& unwanted, const Route& found) {
  return unwanted.destination == found.destination && unwanted.type == found.type &&
         unwanted.table == found.table && unwanted.device_index == found.device_index;
}

bool is_usable(const PlaceReading& place, int index, const std::string& name) {
  if (index == 0 && name.empty()) return true;
  const Interface* interface = find_device(place, index, name);
  return interface != nullptr && interface->up;
}

/// Whether a step still stands; those that can't be known (or repaired) count as standing.
struct Stands {
  const PlaceReading& place;

  bool operator()(const AddRule& step) const {
    return has(place.rules, [&](const Rule& rule) { return is_same_choice(step.rule, rule); });
  }
  bool operator()(const DeleteRule& step) const {
    return !has(place.rules, [&](const Rule& rule) { return is_same_choice(step.rule, rule); });
  }
  bool operator()(const AddRoute& step) const {
    if (!is_usable(place, step.route.device_index, step.route.device)) return true;
    return has(place.routes, [&](const Route& route) { return is_same_route(step.route, route); });
  }
  bool operator()(const DeleteRoute& step) const {
    return !has(place.routes, [&](const Route& route) { return is_in_the_way(step.route, route); });
  }
  bool operator()(const AddAddress& step) const {
    const Interface* interface = find_device(place, step.address.device_index, step.address.device);
    if (interface == nullptr || !interface->up) return true;
    return has(place.addresses, [&](const InterfaceAddress& address) {
      return address.device_index == interface->index && address.prefix == step.address.prefix;
    });
  }
  template <typename Other>
  bool operator()(const Other&) const {
    return true;
  }
};

/// What has to be read to see the plan's routes. A host's own table can be huge: of that only what
/// is on our interfaces.
std::set<std::pair<std::uint32_t, int>> tables_of(const Plan& plan, const std::string& netns) {
  std::set<std::pair<std::uint32_t, int>> tables;
  const auto insert = [&tables](const Route& route) {
    const bool is_the_hosts = route.table == RT_TABLE_MAIN || route.table == RT_TABLE_LOCAL;
    tables.emplace(route.table, is_the_hosts ? route.device_index : 0);
  };
  for (const Step& step : plan.steps) {
    if (step.netns != netns) continue;
    if (const auto* added = std::get_if<AddRoute>(&step.change)) insert(added->route);
    if (const auto* deleted = std::get_if<DeleteRoute>(&step.change)) insert(deleted->route);
  }
  return tables;
}

/// `classic` has taken the source address out of table `local`, and the kernel takes a route
/// from an address only while it is there: so it comes back for the time of the addition.
int add_with_local_source(const Plan& plan, const Step& step, const IpAddress& source,
                          Applier& applier) {
  for (const Step& other : plan.steps) {
    const auto* deleted = std::get_if<DeleteRoute>(&other.change);
    if (deleted == nullptr || deleted->route.destination.address != source) continue;
    if (const int error = applier.undo(other)) return error;
    const int error = applier.perform(step);
    const int deletion_error = applier.perform(other);
    return error != 0 ? error : deletion_error;
  }
  return EINVAL;
}

}  // namespace

std::vector<std::string> places_of(const Plan& plan) {
  std::set<std::string> places;
  for (const Step& step : plan.steps) places.insert(step.netns);
  return {places.begin(), places.end()};
}

PlanReading read_places(const Plan& plan, Applier& applier) {
  PlanReading reading;
  for (const std::string& netns : places_of(plan)) {
    NetlinkSocket& socket = applier.socket(netns);
    PlaceReading& place = reading[netns];
    place.interfaces = read_interfaces(socket);
    place.addresses = read_addresses(socket);
    place.rules = read_rules(socket);
    for (const auto& [table, device_index] : tables_of(plan, netns)) {
      const auto routes = read_routes(socket, {.table = table, .device_index = device_index});
      place.routes.insert(place.routes.end(), routes.begin(), routes.end());
    }
  }
  return reading;
}

const Interface* find_device(const PlaceReading& place, int index, const std::string& name) {
  const auto found = std::find_if(
      place.interfaces.begin(), place.interfaces.end(), [&](const Interface& interface) {
        return index != 0 ? interface.index == index : interface.name == name;
      });
  return found == place.interfaces.end() ? nullptr : &*found;
}

std::vector<std::size_t> find_broken_steps(const Plan& plan, const PlanReading& reading) {
  std::vector<std::size_t> broken;
  for (std::size_t number = 0; number < plan.steps.size(); ++number) {
    const auto place = reading.find(plan.steps[number].netns);
    if (place != reading.end() && !std::visit(Stands{place->second}, plan.steps[number].change))
      broken.push_back(number);
  }
  return broken;
}

bool adds_such_route(const Plan& plan, const Route& route) {
  return has(plan.steps, [&route](const Step& step) {
    const auto* added = std::get_if<AddRoute>(&step.change);
    return added != nullptr && added->route.table == route.table &&
           added->route.destination == route.destination;
  });
}

DeviceName device_of(const Step& step) {
  if (const auto* added = std::get_if<AddAddress>(&step.change))
    return {added->address.device_index, added->address.device};
  if (const auto* added = std::get_if<AddRoute>(&step.change))
    return {added->route.device_index, added->route.device};
  if (const auto* deleted = std::get_if<DeleteRoute>(&step.change))
    return {deleted->route.device_index, deleted->route.device};
  return {};
}

int repair_step(const Plan& plan, const Step& step, const PlaceReading& place, Applier& applier) {
  // What stands in the way may be somebody else's copy, with another protocol.
  if (const auto* deleted = std::get_if<DeleteRule>(&step.change)) {
    for (const Rule& rule : place.rules)
      if (is_same_choice(deleted->rule, rule))
        if (const int error = delete_rule(applier.socket(step.netns), rule)) return error;
    return 0;
  }
  if (const auto* deleted = std::get_if<DeleteRoute>(&step.change)) {
    for (const Route& route : place.routes)
      if (is_in_the_way(deleted->route, route))
        if (const int error = delete_route(applier.socket(step.netns), route)) return error;
    return 0;
  }
  const auto* added = std::get_if<AddRoute>(&step.change);
  int error = applier.perform(step);
  if (error == EEXIST && added == nullptr) return 0;
  if (error == EEXIST) {
    // It is there, but not as it was: the kernel takes an IPv6 address that goes out of the routes
    // that name it as their source.
    if (delete_route(applier.socket(step.netns), added->route) != 0) return error;
    error = applier.perform(step);
  }
  if (error == EINVAL && added != nullptr && added->route.preferred_source)
    return add_with_local_source(plan, step, *added->route.preferred_source, applier);
  return error;
}

}  // namespace tunrelay
