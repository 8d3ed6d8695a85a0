// SPDX-License-Identifier: MIT
#include "scenario/scenario_toml.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kMaxDurationNs = 24 * 3600 * kNanosecondsPerSecond;
constexpr std::int64_t kMinIntervalNs = kNanosecondsPerMillisecond;

}  // namespace

std::string ScenarioToml::place(const toml::node& node) const {
  return toml_place(file_, node.source());
}

void ScenarioToml::refuse(const toml::node& node, const std::string& why,
                          const std::string& hint) const {
  throw_usage_error("read", place(node), why, hint);
}

template <typename Read>
auto ScenarioToml::placed(const toml::node& node, Read read) const -> decltype(read()) {
  try {
    return read();
  } catch (const Error& error) {
    refuse(node, error.parts().object + ": " + error.parts().cause, error.parts().hint);
  }
}

std::string ScenarioToml::text(const toml::node& node, const char* what) const {
  const auto* text = node.as_string();
  if (text == nullptr) refuse(node, fmt::format("{} is a text, in quotes", what));
  return text->get();
}

std::int64_t ScenarioToml::duration_ns(const toml::node& node) const {
  const std::string written = text(node, "a time");
  const std::int64_t time_ns = placed(node, [&] { return parse_duration_ns(written); });
  if (time_ns > kMaxDurationNs) refuse(node, "it is longer than a day");
  return time_ns;
}

std::int64_t ScenarioToml::interval_ns(const toml::node& node) const {
  const std::int64_t time_ns = duration_ns(node);
  if (time_ns < kMinIntervalNs) refuse(node, "it is shorter than a millisecond");
  return time_ns;
}

std::uint64_t ScenarioToml::count(const toml::node& node) const {
  const auto* number = node.as_integer();
  if (number == nullptr || number->get() < 1) refuse(node, "this is a whole number from 1");
  return static_cast<std::uint64_t>(number->get());
}

double ScenarioToml::number(const toml::node& node) const {
  const auto value = node.value<double>();
  if (!node.is_number() || !value || !(*value >= 0) || *value > 1e9)
    refuse(node, "this is a number from 0");
  return *value;
}

double ScenarioToml::value(LinkParameter parameter, const toml::node& node) const {
  const std::string written = text(node, "a value");
  return placed(node, [&] { return parse_link_parameter(parameter, written); });
}

std::vector<double> ScenarioToml::values(LinkParameter parameter, const toml::node& node,
                                         std::size_t least) const {
  const auto* array = node.as_array();
  if (array == nullptr || array->size() < least)
    refuse(node, fmt::format("this is an array of {} values or more", least),
           "write for example [\"10mbit\", \"50mbit\"]");
  std::vector<double> values;
  for (const toml::node& element : *array) values.push_back(value(parameter, element));
  return values;
}

const toml::table& ScenarioToml::table(const toml::node& node, const char* what) const {
  const auto* table = node.as_table();
  if (table == nullptr) refuse(node, fmt::format("{} is a table", what));
  return *table;
}

void ScenarioToml::for_each_key(
    const toml::table& table, const char* keys,
    const std::function<bool(std::string_view name, const toml::node&)>& visit) const {
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    if (!visit(name, node))
      refuse(node, fmt::format("'{}' is not expected here", std::string(key.str())),
             fmt::format("keys are {}", keys));
  }
}

}  // namespace tunrelay
