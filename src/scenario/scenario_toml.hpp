// SPDX-License-Identifier: MIT
// Values of a scenario's file as what they are, with the place of whatever is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/toml_text.hpp"
#include "scenario/link_parameter.hpp"

namespace tunrelay {

/// Of one file. All functions throw usage Errors that begin with its name, line and column.
class ScenarioToml {
 public:
  /// FILE: what to call it.
  explicit ScenarioToml(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] std::string place(const toml::node& node) const;
  [[noreturn]] void refuse(const toml::node& node, const std::string& why,
                           const std::string& hint = {}) const;

  [[nodiscard]] std::string text(const toml::node& node, const char* what) const;
  /// At most a day.
  [[nodiscard]] std::int64_t duration_ns(const toml::node& node) const;
  /// A duration of at least a millisecond: a change takes a moment of each worker.
  [[nodiscard]] std::int64_t interval_ns(const toml::node& node) const;
  /// From 1 on.
  [[nodiscard]] std::uint64_t count(const toml::node& node) const;
  /// At least 0.
  [[nodiscard]] double number(const toml::node& node) const;
  [[nodiscard]] double value(LinkParameter parameter, const toml::node& node) const;
  /// LEAST or more of them.
  [[nodiscard]] std::vector<double> values(LinkParameter parameter, const toml::node& node,
                                           std::size_t least) const;
  [[nodiscard]] const toml::table& table(const toml::node& node, const char* what) const;

  /// Calls VISIT(name, node) for each key of TABLE, with "-" for "_"; where it returns false, the
  /// key is refused, and KEYS says which there are.
  void for_each_key(
      const toml::table& table, const char* keys,
      const std::function<bool(std::string_view name, const toml::node&)>& visit) const;

 private:
  /// READ's Error gets the place.
  template <typename Read>
  auto placed(const toml::node& node, Read read) const -> decltype(read());

  std::string file_;
};

}  // namespace tunrelay
