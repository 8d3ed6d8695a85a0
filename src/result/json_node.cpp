// SPDX-License-Identifier: MIT
#include "result/json_node.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "base/json_text.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 100;

/// What a value is, as text that fits after "not".
const char* kind_of(const json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  if (value.is_array()) return "an array";
  return "an object";
}

}  // namespace

json parse_json(std::string_view text) {
  if (text.empty()) throw JsonFault({}, "it is empty");
  const auto refuse_depth = [](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth)
      throw JsonFault({}, fmt::format("it nests deeper than {} levels", kMaxDepth));
    return true;
  };
  try {
    return json::parse(text, refuse_depth);
  } catch (const json::exception& error) {
    throw JsonFault({}, "it is not JSON, or not all of it: " + bare_message(error));
  }
}

void JsonNode::refuse_type(const char* needed) const {
  refuse(fmt::format("{} is needed, not {}", needed, kind_of(value_)));
}

std::optional<JsonNode> JsonNode::find(const std::string& key) const {
  if (!value_.is_object()) refuse_type("an object");
  const auto found = value_.find(key);
  if (found == value_.end()) return std::nullopt;
  return JsonNode(*found, place_.empty() ? key : place_ + "." + key);
}

JsonNode JsonNode::at(const std::string& key) const {
  std::optional<JsonNode> found = find(key);
  if (!found) refuse(fmt::format("'{}' is missing", key));
  return *std::move(found);
}

std::vector<JsonNode> JsonNode::items() const {
  if (!value_.is_array()) refuse_type("an array");
  std::vector<JsonNode> nodes;
  nodes.reserve(value_.size());
  for (std::size_t index = 0; index < value_.size(); ++index)
    nodes.emplace_back(value_[index], fmt::format("{}[{}]", place_, index));
  return nodes;
}

const std::string& JsonNode::text() const {
  if (!value_.is_string()) refuse_type("a string");
  return value_.get_ref<const std::string&>();
}

bool JsonNode::truth() const {
  if (!value_.is_boolean()) refuse_type("true or false");
  return value_.get<bool>();
}

double JsonNode::number() const {
  if (value_.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value_.is_number()) refuse_type("a number");
  return value_.get<double>();
}

std::vector<double> JsonNode::numbers() const {
  std::vector<double> numbers;
  for (const JsonNode& item : items()) numbers.push_back(item.number());
  return numbers;
}

std::uint64_t JsonNode::whole_number(std::uint64_t most) const {
  if (!value_.is_number()) refuse_type("a whole number");
  // A negative one is of another type in nlohmann's library.
  if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() > most)
    refuse(fmt::format("a whole number from 0 to {} is needed, not {}", most, json_text(value_)));
  return value_.get<std::uint64_t>();
}

}  // namespace tunrelay
