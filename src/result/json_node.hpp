// SPDX-License-Identifier: MIT
// A JSON document that somebody else wrote, read with suspicion: whatever is not as expected is an
// error that names the place ("metrics[3].samples[0].value") and what stands there instead.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tunrelay {

/// The document is not as expected. Whoever knows its file turns this into an Error.
class JsonFault : public std::runtime_error {
 public:
  JsonFault(const std::string& place, const std::string& what)
      : std::runtime_error(place.empty() ? what : place + ": " + what) {}
};

/// Parses TEXT. Throws JsonFault when it is not JSON, ends too early, or nests deeper than a
/// hundred levels (other code walks documents by recursion).
[[nodiscard]] nlohmann::json parse_json(std::string_view text);

/// One value of a document and the way to it. Refers to the document, which has to stay.
/// All members throw JsonFault.
class JsonNode {
 public:
  explicit JsonNode(const nlohmann::json& value, std::string place = {})
      : value_(value), place_(std::move(place)) {}

  [[nodiscard]] const nlohmann::json& value() const noexcept { return value_; }

  /// A member of an object; find() gives nothing where there is none.
  [[nodiscard]] JsonNode at(const std::string& key) const;
  [[nodiscard]] std::optional<JsonNode> find(const std::string& key) const;
  /// The elements of an array.
  [[nodiscard]] std::vector<JsonNode> items() const;

  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] bool truth() const;
  /// `null` is read as NaN: it is what JSON has in place of it.
  [[nodiscard]] double number() const;
  /// An array of numbers.
  [[nodiscard]] std::vector<double> numbers() const;
  /// A whole number from 0 to MOST.
  [[nodiscard]] std::uint64_t whole_number(std::uint64_t most) const;

  [[noreturn]] void refuse(const std::string& what) const { throw JsonFault(place_, what); }

 private:
  /// "a number is needed, not a string".
  [[noreturn]] void refuse_type(const char* needed) const;

  const nlohmann::json& value_;
  std::string place_;
};

}  // namespace tunrelay
