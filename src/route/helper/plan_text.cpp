// SPDX-License-Identifier: MIT
#include "route/helper/plan_text.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_number.hpp"
#include "base/json_text.hpp"
#include "route/model/step_json.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

json end_json(const TunnelEnd& end) {
  json addresses = json::array();
  for (const IpPrefix& address : end.addresses) addresses.push_back(address.to_string());
  return {{"device", end.device},
          {"index", end.device_index},
          {"netns", end.netns},
          {"addresses", addresses}};
}

TunnelEnd end_in(const json& object) {
  TunnelEnd end{.device = object.at("device").get<std::string>(),
                .device_index = whole_number<int>(object, "index"),
                .netns = object.at("netns").get<std::string>()};
  for (const json& address : object.at("addresses"))
    end.addresses.push_back(IpPrefix::parse(address.get<std::string>()));
  return end;
}

}  // namespace

std::string plan_text(const Plan& plan) {
  json steps = json::array();
  for (const Step& step : plan.steps) steps.push_back(step_to_json(step));
  return json_text(json{{"strategy", to_string(plan.ends.strategy)},
                        {"a", end_json(plan.ends.a)},
                        {"b", end_json(plan.ends.b)},
                        {"steps", steps}});
}

Plan parse_plan(const std::string& text) try {
  const json object = json::parse(text);
  Plan plan;
  plan.ends = {.strategy = parse_strategy(object.at("strategy").get<std::string>()),
               .a = end_in(object.at("a")),
               .b = end_in(object.at("b"))};
  for (const json& step : object.at("steps")) plan.steps.push_back(step_from_json(step));
  return plan;
} catch (const json::exception& error) {
  throw_usage_error("read", "a plan", bare_message(error));
}

}  // namespace tunrelay
