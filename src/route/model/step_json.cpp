// SPDX-License-Identifier: MIT
#include "route/model/step_json.hpp"

#include <string>
#include <type_traits>
#include <variant>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_fields.hpp"

namespace tunrelay {

using nlohmann::json;

// Not in an unnamed namespace, since base/json_fields.hpp has to find it.
static json json_of(const IpFamily& family) {
  return static_cast<int>(family);
}
static void take_from(const json& from, IpFamily& family) {
  family = whole_number<int>(from) == 4 ? IpFamily::kIpv4 : IpFamily::kIpv6;
}
static json json_of(const Change& change);
static void take_from(const json& from, Change& change);

static void show_fields(MaybeConst<InterfaceAddress> auto& address, const auto& fields) {
  fields.always("prefix", address.prefix);
  fields.unless_default("index", address.device_index);
  fields.unless_default("device", address.device);
  fields.unless_default("scope", address.scope);
  fields.unless_default("flags", address.flags);
  fields.unless_default("protocol", address.protocol);
  fields.unless_default("label", address.label);
  fields.unless_default("peer", address.peer);
  fields.unless_default("broadcast", address.broadcast);
  fields.unless_default("route_metric", address.route_metric);
}

static void show_fields(MaybeConst<Route> auto& route, const auto& fields) {
  fields.always("destination", route.destination);
  fields.always("type", route.type);
  fields.always("table", route.table);
  fields.always("protocol", route.protocol);
  fields.always("scope", route.scope);
  fields.unless_default("tos", route.tos);
  fields.unless_default("index", route.device_index);
  fields.unless_default("device", route.device);
  fields.unless_default("gateway", route.gateway);
  fields.unless_default("source", route.preferred_source);
  fields.unless_default("metric", route.metric);
  fields.unless_default("congestion_control", route.congestion_control);
  fields.unless_default("onlink", route.onlink);
}

static void show_fields(MaybeConst<Rule> auto& rule, const auto& fields) {
  fields.always("family", rule.family);
  fields.always("priority", rule.priority);
  fields.always("action", rule.action);
  fields.always("table", rule.table);
  fields.always("protocol", rule.protocol);
  fields.unless_default("from", rule.source);
  fields.unless_default("to", rule.destination);
  fields.unless_default("iif", rule.iif);
  fields.unless_default("oif", rule.oif);
  fields.unless_default("tos", rule.tos);
}

static void show_fields(MaybeConst<NoChange> auto& /*change*/, const auto& /*fields*/) {}
static void show_fields(MaybeConst<SetInterface> auto& change, const auto& fields) {
  fields.unless_default("index", change.device.index);
  fields.unless_default("device", change.device.name);
  fields.unless_default("up", change.up);
  fields.unless_default("mtu_bytes", change.mtu_bytes);
  fields.unless_default("txqueuelen", change.txqueuelen);
  fields.unless_default("address_generation", change.address_generation);
}
static void show_fields(MaybeConst<MoveInterface> auto& change, const auto& fields) {
  fields.always("device", change.device);
  fields.always("source", change.source_netns);
  fields.always("target", change.target_netns);
}
static void show_fields(MaybeConst<SetSysctl> auto& change, const auto& fields) {
  fields.always("path", change.path);
  fields.always("value", change.value);
}
// Additions and deletions, by what they have.
static void show_fields(auto& change, const auto& fields) requires requires {
  change.address;
}
{ show_fields(change.address, fields); }
static void show_fields(auto& change, const auto& fields) requires requires {
  change.route;
}
{ show_fields(change.route, fields); }
static void show_fields(auto& change, const auto& fields) requires requires {
  change.rule;
}
{ show_fields(change.rule, fields); }
static void show_fields(auto& change, const auto& fields) requires requires {
  change.name;
}
{ fields.always("name", change.name); }

/// What a change is called in the journal.
template <typename Kind>
constexpr const char* kChangeName = nullptr;
template <>
constexpr const char* kChangeName<NoChange> = "nothing";
template <>
constexpr const char* kChangeName<SetInterface> = "set_link";
template <>
constexpr const char* kChangeName<MoveInterface> = "move_link";
template <>
constexpr const char* kChangeName<AddAddress> = "add_address";
template <>
constexpr const char* kChangeName<DeleteAddress> = "delete_address";
template <>
constexpr const char* kChangeName<RenewAddress> = "renew_address";
template <>
constexpr const char* kChangeName<AddRoute> = "add_route";
template <>
constexpr const char* kChangeName<DeleteRoute> = "delete_route";
template <>
constexpr const char* kChangeName<AddRule> = "add_rule";
template <>
constexpr const char* kChangeName<DeleteRule> = "delete_rule";
template <>
constexpr const char* kChangeName<SetSysctl> = "set_sysctl";
template <>
constexpr const char* kChangeName<AddNamespace> = "add_namespace";
template <>
constexpr const char* kChangeName<DeleteNamespace> = "delete_namespace";

static json json_of(const Change& change) {
  return std::visit(
      []<typename Kind>(const Kind& one) {
        json object{{"do", kChangeName<Kind>}};
        show_fields(one, FieldWriter(object));
        return object;
      },
      change);
}

template <typename... Kinds>
static void take_change(const json& from, std::variant<Kinds...>& change) {
  const auto name = from.at("do").get<std::string>();
  const auto take_if_named = [&]<typename Kind>(std::type_identity<Kind>) {
    if (name != kChangeName<Kind>) return false;
    show_fields(change.template emplace<Kind>(), FieldReader(from));
    return true;
  };
  if (!(take_if_named(std::type_identity<Kinds>{}) || ...))
    throw_usage_error("read the change", name, "there is none of that name");
}
static void take_from(const json& from, Change& change) {
  take_change(from, change);
}

static void show_fields(MaybeConst<Step> auto& step, const auto& fields) {
  fields.always("change", step.change);
  fields.always("undo", step.undo);
  fields.unless_default("netns", step.netns);
  fields.unless_default("shared", step.shared);
  fields.unless_default("optional", step.optional);
}

json step_to_json(const Step& step) {
  return json_of(step);
}

Step step_from_json(const json& object) {
  Step step;
  take_from(object, step);
  return step;
}

}  // namespace tunrelay
