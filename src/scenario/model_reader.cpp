// SPDX-License-Identifier: MIT
// The models of a scenario's steps: walk, lognormal and states.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "scenario/entry_reader.hpp"

namespace tunrelay {

void EntryReader::refuse_repeats(const toml::node& node, const char* what) const {
  if (timing_.every_ns != 0)
    toml_.refuse(node, fmt::format("{} goes on by itself", what), "leave every out");
}

void EntryReader::read_model(RandomModel::Kind kind, const toml::node& node) {
  const bool is_walk = kind == RandomModel::Kind::kWalk;
  refuse_repeats(node, is_walk ? "a walk" : "a model");
  RandomModel model{.kind = kind, .directions = directions_};
  const toml::table& table = toml_.table(node, "a model");
  const toml::node* range = nullptr;
  for (std::size_t at = 0; at < kLinkParameterNames.size(); ++at)
    if (const toml::node* named = table.get(kLinkParameterNames.at(at))) {
      if (range != nullptr) toml_.refuse(*named, "a model is of one parameter", "add another step");
      range = named;
      model.parameter = static_cast<LinkParameter>(at);
    }
  if (range == nullptr)
    toml_.refuse(node, "it does not say of what",
                 "write for example rate = [\"2mbit\", \"40mbit\"]");
  const std::vector<double> ends = toml_.values(model.parameter, *range, 2);
  if (ends.size() != 2 || ends[0] >= ends[1])
    toml_.refuse(*range, "these are the least and the most, in this order");
  model.least = ends[0];
  model.most = ends[1];
  model.begin = (ends[0] + ends[1]) / 2;
  const char* const keys =
      is_walk ? "one of rate, delay, jitter and loss, and begin, deviation and interval"
              : "one of rate, delay, jitter and loss, and median, sigma and interval";
  toml_.for_each_key(table, keys, [&](std::string_view name, const toml::node& value) {
    if (name == (is_walk ? "begin" : "median"))
      model.begin = std::clamp(toml_.value(model.parameter, value), model.least, model.most);
    else if (is_walk && name == "deviation")
      model.spread = toml_.value(model.parameter, value);
    else if (!is_walk && name == "sigma")
      model.spread = toml_.number(value);
    else if (name == "interval")
      model.interval_ns = toml_.interval_ns(value);
    else
      return link_parameter_of(name).has_value();
    return true;
  });
  if (model.interval_ns == 0 || model.spread == 0)
    toml_.refuse(node, is_walk ? "a walk needs a deviation and an interval"
                               : "it needs a sigma and an interval");
  add(std::move(model));
}

void EntryReader::read_states(const toml::node& node) {
  refuse_repeats(node, "a model");
  const auto* list = node.as_array();
  if (list == nullptr || list->size() < 2)
    toml_.refuse(node, "states are an array of two tables or more");
  StateModel model;
  for (const toml::node& element : *list) {
    model.states.push_back(read_state(toml_.table(element, "a state")));
    const std::string& name = model.states.back().name;
    for (std::size_t at = 0; at + 1 < model.states.size(); ++at)
      if (model.states[at].name == name)
        toml_.refuse(element, fmt::format("another state is called '{}' too", name));
  }
  read_following(*list, model);
  add(std::move(model));
}

StateModel::State EntryReader::read_state(const toml::table& table) {
  StateModel::State state;
  read_action(table, state.action);
  toml_.for_each_key(table, "name, mean, next, outage, link, a-to-b, b-to-a and set",
                     [&](std::string_view name, const toml::node& value) {
                       if (name == "name") {
                         state.name = toml_.text(value, "a name");
                       } else if (name == "mean") {
                         state.mean_ns = toml_.interval_ns(value);
                       } else if (name == "outage") {
                         const auto* is_down = value.as_boolean();
                         if (is_down == nullptr) toml_.refuse(value, "this is true or false");
                         state.action.outages = is_down->get() ? 1 : 0;
                         scenario_.has_outages = scenario_.has_outages || is_down->get();
                       } else {
                         return name == "next" || name == "link" || name == "a-to-b" ||
                                name == "b-to-a" || name == "set";
                       }
                       return true;
                     });
  if (state.name.empty() || state.mean_ns == 0)
    toml_.refuse(table, "a state has a name, and a mean time that it lasts");
  return state;
}

void EntryReader::read_following(const toml::array& list, StateModel& model) {
  for (std::size_t at = 0; at < model.states.size(); ++at) {
    std::vector<double>& next = model.states[at].next;
    next.assign(model.states.size(), 0);
    const toml::node* following = list[at].as_table()->get("next");
    if (following == nullptr) {
      next[(at + 1) % next.size()] = 1;
      continue;
    }
    double sum = 0;
    for (const auto& [key, value] : toml_.table(*following, "what follows")) {
      const auto state = std::find_if(
          model.states.begin(), model.states.end(),
          [name = key.str()](const StateModel::State& one) { return one.name == name; });
      if (state == model.states.end())
        toml_.refuse(value, fmt::format("there is no state '{}'", std::string(key.str())));
      const double weight = toml_.number(value);
      next[static_cast<std::size_t>(state - model.states.begin())] = weight;
      sum += weight;
    }
    if (sum <= 0) toml_.refuse(*following, "no state would follow");
  }
}

}  // namespace tunrelay
