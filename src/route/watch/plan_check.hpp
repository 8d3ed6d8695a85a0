// SPDX-License-Identifier: MIT
// What of an applied plan still stands.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "route/apply/applier.hpp"
#include "route/model/host_state.hpp"
#include "route/plan/plan.hpp"

namespace tunrelay {

/// The part of a network namespace that a plan has to do with.
struct PlaceReading {
  std::vector<Interface> interfaces{};
  std::vector<InterfaceAddress> addresses{};
  std::vector<Rule> rules{};
  std::vector<Route> routes{};  ///< of the tables that the plan's steps name
};

/// By the name of the namespace; "" is the plan's own.
using PlanReading = std::map<std::string, PlaceReading>;

/// The namespaces that the plan's steps act in.
std::vector<std::string> places_of(const Plan& plan);
/// Throws Error.
PlanReading read_places(const Plan& plan, Applier& applier);

/// The interface behind a number (or a name, when the number is 0); null when it is gone.
const Interface* find_device(const PlaceReading& place, int index, const std::string& name);

/// The numbers of the steps that do not stand any more, in the plan's order. Steps whose
/// interface is down or gone are left out: there is nothing to repair before it is back.
std::vector<std::size_t> find_broken_steps(const Plan& plan, const PlanReading& reading);

/// Whether the plan adds a route to the same destination in the same table.
bool adds_such_route(const Plan& plan, const Route& route);

/// The interface without which the step's change is gone: the one that its address or route is on.
/// Without a name and a number where there is none.
DeviceName device_of(const Step& step);

/// Does the step again, whatever is in its way: also where the kernel wants the source address
/// of a `classic` route to be local for a moment. 0 or an errno.
int repair_step(const Plan& plan, const Step& step, const PlaceReading& place, Applier& applier);

}  // namespace tunrelay
