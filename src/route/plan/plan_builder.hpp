// SPDX-License-Identifier: MIT
// Collects the steps of a plan. What all strategies do alike stands here: interfaces, addresses,
// and how each change is undone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "route/plan/plan.hpp"
#include "route/plan/plan_choices.hpp"

namespace tunrelay {

class PlanBuilder {
 public:
  /// Both must outlive it. Throws an unsupported-environment Error when an interface of the request
  /// is not there.
  PlanBuilder(const PlanRequest& request, const HostState& state);

  [[nodiscard]] const PlanRequest& request() const noexcept { return request_; }
  [[nodiscard]] const HostState& state() const noexcept { return state_; }
  [[nodiscard]] const PlanChoices& choices() const noexcept { return choices_; }
  [[nodiscard]] const TunnelEnds& ends() const noexcept { return choices_.ends; }
  [[nodiscard]] std::vector<IpFamily> families() const { return families_of(ends().a); }
  /// Throws an unsupported-environment Error when there is no room before the foreign rules.
  [[nodiscard]] RulePriorities priorities() const;

  void add(Step step) { steps_.push_back(std::move(step)); }
  /// With the deletion of the same route or rule as its undo.
  void add_route(const Route& route);
  void add_rule(const Rule& rule);
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

  /// The address that the plan puts on END's device.
  [[nodiscard]] InterfaceAddress planned_address(const TunnelEnd& end,
                                                 const IpPrefix& prefix) const;
  /// Settings, up, addresses, in the namespace of the plan, for both ends.
  void set_up_ends();
  /// Takes an interface away into its own namespace and sets it up there.
  void set_up_end_in_namespace(const EndRequest& request, const TunnelEnd& end);
  /// Routes through the tunnel: FAR is reached by END's device, from END's own address.
  [[nodiscard]] Route peer_route(const TunnelEnd& end, const IpAddress& own, const IpAddress& far,
                                 std::uint32_t table) const;
  /// The table for packets out of the tunnel: both addresses are this host's, and
  /// whatever else comes is dropped. Without that guard, and with ip_forward=1, a packet to an
  /// unused address of the subnet would cross the tunnel until its TTL is used up.
  void add_table_in();
  /// `iif DEVICE lookup IN` for both ends, in all families.
  void add_rules_in();

  [[nodiscard]] Plan finish() &&;

 private:
  void set_up_interface(const EndRequest& request, const TunnelEnd& end);
  void quiet_interface(const Interface& interface, const TunnelEnd& end);
  void stop_address_generation(const Interface& interface, const TunnelEnd& end,
                               const Change& undo);
  void keep_addresses(const TunnelEnd& end, bool with_ipv4);
  void keep_settings(const Interface& interface);
  void add_address(const TunnelEnd& end, const IpPrefix& prefix);

  const PlanRequest& request_;
  const HostState& state_;
  PlanChoices choices_;
  std::vector<Step> steps_;
  std::vector<std::string> notes_;
};

// One function a strategy: plan_policy.cpp, plan_classic.cpp, plan_namespaces.cpp.
void plan_policy(PlanBuilder& builder);
void plan_classic(PlanBuilder& builder);
void plan_namespaces(PlanBuilder& builder);

/// A route for ADDRESS alone.
IpPrefix host_prefix(const IpAddress& address);

}  // namespace tunrelay
