// SPDX-License-Identifier: MIT
// Whole numbers out of JSON that anybody may have written: a journal, a client's request, a record.
// nlohmann's get() casts: it takes 300 for the byte 44 and -1 for the greatest number, and 1e99 is
// undefined behaviour.
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace tunrelay {

/// VALUE as a Number; nothing where it is not a whole number or doesn't fit. 5.0 is the number 5,
/// as it is to JSON.
template <std::integral Number>
[[nodiscard]] std::optional<Number> try_whole_number(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<nlohmann::json::number_unsigned_t>();
    if (std::in_range<Number>(number)) return static_cast<Number>(number);
  } else if (value.is_number_integer()) {
    const auto number = value.get<nlohmann::json::number_integer_t>();
    if (std::in_range<Number>(number)) return static_cast<Number>(number);
  } else if (value.is_number_float()) {
    // Above it a double has no place for each whole number.
    constexpr double kMaxExact = 9'007'199'254'740'992;  // 2^53
    const auto number = value.get<double>();
    if (!(number >= -kMaxExact && number <= kMaxExact)) return std::nullopt;
    const auto whole = static_cast<long long>(number);
    if (static_cast<double>(whole) == number && std::in_range<Number>(whole))
      return static_cast<Number>(whole);
  }
  return std::nullopt;
}

/// Throws a nlohmann::json::exception that names VALUE, the smallest and the largest number: who
/// reads JSON catches that and says where it came from.
[[noreturn]] void refuse_number(const nlohmann::json& value, long long min, unsigned long long max);

/// VALUE as a Number. Throws nlohmann::json::exception where try_whole_number() has nothing.
template <std::integral Number>
[[nodiscard]] Number whole_number(const nlohmann::json& value) {
  const std::optional<Number> number = try_whole_number<Number>(value);
  if (!number)
    refuse_number(value, static_cast<long long>(std::numeric_limits<Number>::min()),
                  std::numeric_limits<Number>::max());
  return *number;
}

/// The member KEY of OBJECT as a Number. Throws nlohmann::json::exception without that member, too.
template <std::integral Number>
[[nodiscard]] Number whole_number(const nlohmann::json& object, const char* key) {
  return whole_number<Number>(object.at(key));
}

/// FALLBACK without that member.
template <std::integral Number>
[[nodiscard]] Number whole_number_or(const nlohmann::json& object, const char* key,
                                     Number fallback) {
  return object.contains(key) ? whole_number<Number>(object, key) : fallback;
}

}  // namespace tunrelay
