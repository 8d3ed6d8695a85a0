#include "route/step_json.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

// What has its default value is left out, and read back as the default.

template <typename Value>
void put(json& object, const char* key, const Value& value) {
  if (value != Value{}) object[key] = value;
}

void put(json& object, const char* key, const std::optional<IpAddress>& address) {
  if (address) object[key] = address->to_string();
}

void put(json& object, const char* key, const std::optional<IpPrefix>& prefix) {
  if (prefix) object[key] = prefix->to_string();
}

template <typename Number>
requires std::is_arithmetic_v<Number>
void put(json& object, const char* key, const std::optional<Number>& number) {
  if (number) object[key] = *number;
}

template <typename Value>
void get(const json& object, const char* key, Value& value) {
  if (object.contains(key)) object.at(key).get_to(value);
}

void get(const json& object, const char* key, std::optional<IpAddress>& address) {
  if (object.contains(key)) address = IpAddress::parse(object.at(key).get<std::string>());
}

void get(const json& object, const char* key, std::optional<IpPrefix>& prefix) {
  if (object.contains(key)) prefix = IpPrefix::parse(object.at(key).get<std::string>());
}

template <typename Number>
requires std::is_arithmetic_v<Number>
void get(const json& object, const char* key, std::optional<Number>& number) {
  if (object.contains(key)) number = object.at(key).get<Number>();
}

IpPrefix prefix_from(const json& object, const char* key) {
  return IpPrefix::parse(object.at(key).get<std::string>());
}

json to_json(const LinkAddress& address) {
  json object{{"prefix", address.prefix.to_string()}};
  put(object, "index", address.device_index);
  put(object, "device", address.device);
  put(object, "scope", address.scope);
  put(object, "flags", address.flags);
  put(object, "protocol", address.protocol);
  put(object, "label", address.label);
  put(object, "peer", address.peer);
  put(object, "broadcast", address.broadcast);
  put(object, "route_metric", address.route_metric);
  return object;
}

LinkAddress address_from(const json& object) {
  LinkAddress address;
  address.prefix = prefix_from(object, "prefix");
  get(object, "index", address.device_index);
  get(object, "device", address.device);
  get(object, "scope", address.scope);
  get(object, "flags", address.flags);
  get(object, "protocol", address.protocol);
  get(object, "label", address.label);
  get(object, "peer", address.peer);
  get(object, "broadcast", address.broadcast);
  get(object, "route_metric", address.route_metric);
  return address;
}

json to_json(const Route& route) {
  json object{{"destination", route.destination.to_string()},
              {"type", route.type},
              {"table", route.table},
              {"protocol", route.protocol},
              {"scope", route.scope}};
  put(object, "tos", route.tos);
  put(object, "index", route.device_index);
  put(object, "device", route.device);
  put(object, "gateway", route.gateway);
  put(object, "source", route.preferred_source);
  put(object, "metric", route.metric);
  put(object, "onlink", route.onlink);
  return object;
}

Route route_from(const json& object) {
  Route route{.destination = prefix_from(object, "destination"),
              .type = object.at("type").get<std::uint8_t>(),
              .table = object.at("table").get<std::uint32_t>(),
              .protocol = object.at("protocol").get<std::uint8_t>(),
              .scope = object.at("scope").get<std::uint8_t>()};
  get(object, "tos", route.tos);
  get(object, "index", route.device_index);
  get(object, "device", route.device);
  get(object, "gateway", route.gateway);
  get(object, "source", route.preferred_source);
  get(object, "metric", route.metric);
  get(object, "onlink", route.onlink);
  return route;
}

json to_json(const Rule& rule) {
  json object{{"family", rule.family == IpFamily::kIpv4 ? 4 : 6},
              {"priority", rule.priority},
              {"action", rule.action},
              {"table", rule.table},
              {"protocol", rule.protocol}};
  put(object, "from", rule.source);
  put(object, "to", rule.destination);
  put(object, "iif", rule.iif);
  put(object, "oif", rule.oif);
  put(object, "tos", rule.tos);
  return object;
}

Rule rule_from(const json& object) {
  Rule rule{.family = object.at("family").get<int>() == 4 ? IpFamily::kIpv4 : IpFamily::kIpv6,
            .priority = object.at("priority").get<std::uint32_t>(),
            .action = object.at("action").get<std::uint8_t>(),
            .table = object.at("table").get<std::uint32_t>(),
            .protocol = object.at("protocol").get<std::uint8_t>()};
  get(object, "from", rule.source);
  get(object, "to", rule.destination);
  get(object, "iif", rule.iif);
  get(object, "oif", rule.oif);
  get(object, "tos", rule.tos);
  return rule;
}

json with_kind(const char* kind, json object) {
  object["do"] = kind;
  return object;
}

struct ToJson {
  json operator()(const NoChange&) const { return with_kind("nothing", json::object()); }
  json operator()(const SetLink& change) const {
    json object = json::object();
    put(object, "index", change.device.index);
    put(object, "device", change.device.name);
    put(object, "up", change.up);
    put(object, "mtu_bytes", change.mtu_bytes);
    put(object, "txqueuelen", change.txqueuelen);
    put(object, "address_generation", change.address_generation);
    return with_kind("set_link", std::move(object));
  }
  json operator()(const MoveLink& change) const {
    return {{"do", "move_link"},
            {"device", change.device},
            {"source", change.source_netns},
            {"target", change.target_netns}};
  }
  json operator()(const AddAddress& one) const {
    return with_kind("add_address", to_json(one.address));
  }
  json operator()(const DeleteAddress& one) const {
    return with_kind("delete_address", to_json(one.address));
  }
  json operator()(const RenewAddress& one) const {
    return with_kind("renew_address", to_json(one.address));
  }
  json operator()(const AddRoute& one) const { return with_kind("add_route", to_json(one.route)); }
  json operator()(const DeleteRoute& one) const {
    return with_kind("delete_route", to_json(one.route));
  }
  json operator()(const AddRule& one) const { return with_kind("add_rule", to_json(one.rule)); }
  json operator()(const DeleteRule& one) const {
    return with_kind("delete_rule", to_json(one.rule));
  }
  json operator()(const SetSysctl& change) const {
    return {{"do", "set_sysctl"}, {"path", change.path}, {"value", change.value}};
  }
  json operator()(const AddNamespace& change) const {
    return {{"do", "add_namespace"}, {"name", change.name}};
  }
  json operator()(const DeleteNamespace& change) const {
    return {{"do", "delete_namespace"}, {"name", change.name}};
  }
};

SetLink set_link_from(const json& object) {
  SetLink change;
  get(object, "index", change.device.index);
  get(object, "device", change.device.name);
  get(object, "up", change.up);
  get(object, "mtu_bytes", change.mtu_bytes);
  get(object, "txqueuelen", change.txqueuelen);
  get(object, "address_generation", change.address_generation);
  return change;
}

Change change_from(const json& object) {
  const auto kind = object.at("do").get<std::string>();
  const auto text = [&object](const char* key) { return object.at(key).get<std::string>(); };
  if (kind == "nothing") return NoChange{};
  if (kind == "set_link") return set_link_from(object);
  if (kind == "move_link") return MoveLink{text("device"), text("source"), text("target")};
  if (kind == "add_address") return AddAddress{address_from(object)};
  if (kind == "delete_address") return DeleteAddress{address_from(object)};
  if (kind == "renew_address") return RenewAddress{address_from(object)};
  if (kind == "add_route") return AddRoute{route_from(object)};
  if (kind == "delete_route") return DeleteRoute{route_from(object)};
  if (kind == "add_rule") return AddRule{rule_from(object)};
  if (kind == "delete_rule") return DeleteRule{rule_from(object)};
  if (kind == "set_sysctl") return SetSysctl{text("path"), text("value")};
  if (kind == "add_namespace") return AddNamespace{text("name")};
  if (kind == "delete_namespace") return DeleteNamespace{text("name")};
  throw_usage_error("read the change", kind, "there is none of that name");
}

}  // namespace

json step_to_json(const Step& step) {
  json object{{"change", std::visit(ToJson{}, step.change)},
              {"undo", std::visit(ToJson{}, step.undo)}};
  put(object, "netns", step.netns);
  put(object, "shared", step.shared);
  put(object, "optional", step.optional);
  return object;
}

Step step_from_json(const json& object) {
  Step step{.change = change_from(object.at("change")), .undo = change_from(object.at("undo"))};
  get(object, "netns", step.netns);
  get(object, "shared", step.shared);
  get(object, "optional", step.optional);
  return step;
}

}  // namespace tunrelay
