// SPDX-License-Identifier: MIT
// A struct as JSON and back, both from one list of its members, so that they can't differ:
//
//   void show_fields(MaybeConst<Point> auto& point, const auto& fields) {
//     fields.always("x", point.x);
//     fields.unless_default("label", point.label);
//   }
//
// is shown to a FieldWriter by json_of(point), and to a FieldReader by take_from(json, point). What
// has another form gets functions json_of() and take_from() of its own. All of them stand in this
// namespace, where they are found by the type of their argument. Reading throws
// nlohmann::json::exception, or an Error where a value makes no sense.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/ip_address.hpp"
#include "base/json_number.hpp"

namespace tunrelay {

/// Of type KIND, to be written or to be read.
template <typename Type, typename Kind>
concept MaybeConst = std::same_as<std::remove_const_t<Type>, Kind>;

template <typename Value>
nlohmann::json json_of(const Value& value);
template <typename Value>
void take_from(const nlohmann::json& from, Value& value);

inline nlohmann::json json_of(const IpAddress& address) {
  return address.to_string();
}
inline nlohmann::json json_of(const IpPrefix& prefix) {
  return prefix.to_string();
}
template <typename Value>
nlohmann::json json_of(const std::optional<Value>& value) {
  return json_of(*value);
}
template <typename Element>
nlohmann::json json_of(const std::vector<Element>& elements) {
  auto json = nlohmann::json::array();
  for (const Element& element : elements) json.push_back(json_of(element));
  return json;
}

inline void take_from(const nlohmann::json& from, IpAddress& address) {
  address = IpAddress::parse(from.get<std::string>());
}
inline void take_from(const nlohmann::json& from, IpPrefix& prefix) {
  prefix = IpPrefix::parse(from.get<std::string>());
}
template <typename Value>
void take_from(const nlohmann::json& from, std::optional<Value>& value) {
  take_from(from, value.emplace());
}
template <typename Element>
void take_from(const nlohmann::json& from, std::vector<Element>& elements) {
  elements.clear();
  for (const nlohmann::json& element : from) take_from(element, elements.emplace_back());
}

class FieldWriter {
 public:
  explicit FieldWriter(nlohmann::json& object) : object_(object) {}

  template <typename Value>
  void always(const char* key, const Value& value) const {
    object_[key] = json_of(value);
  }
  /// A default value is left out, and read back as the default.
  template <typename Value>
  void unless_default(const char* key, const Value& value) const {
    if (value != Value{}) always(key, value);
  }

 private:
  nlohmann::json& object_;
};

class FieldReader {
 public:
  explicit FieldReader(const nlohmann::json& object) : object_(object) {}

  template <typename Value>
  void always(const char* key, Value& value) const {
    take_from(object_.at(key), value);
  }
  template <typename Value>
  void unless_default(const char* key, Value& value) const {
    if (object_.contains(key)) always(key, value);
  }

 private:
  const nlohmann::json& object_;
};

template <typename Value>
nlohmann::json json_of(const Value& value) {
  nlohmann::json json;
  if constexpr (requires(const FieldWriter& writer) { show_fields(value, writer); }) {
    json = nlohmann::json::object();
    show_fields(value, FieldWriter(json));
  } else {
    json = value;
  }
  return json;
}

template <typename Value>
void take_from(const nlohmann::json& from, Value& value) {
  if constexpr (requires(const FieldReader& reader) { show_fields(value, reader); })
    show_fields(value, FieldReader(from));
  else if constexpr (std::integral<Value> && !std::same_as<Value, bool>)
    value = whole_number<Value>(from);
  else
    from.get_to(value);
}

}  // namespace tunrelay
