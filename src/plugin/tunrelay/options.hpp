// SPDX-License-Identifier: MIT
// What the user has written behind the library's name; tunrelay/stage.hpp brings it.
#pragma once

#include <tunrelay/stage_abi.h>

#include <charconv>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace tunrelay::plugin {

/// The `key=value`s behind the library's name. A key that no constructor reads is refused.
class Options {
 public:
  explicit Options(std::span<const tunrelay_option> options) noexcept : options_(options) {}

  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise = {}) const {
    const char* value = find(key);
    return value == nullptr ? otherwise : value;
  }
  /// Throws for what is not a number, or not from LEAST to MOST.
  template <typename Number>
  [[nodiscard]] Number number(const std::string& key, Number otherwise, Number least,
                              Number most) const {
    const char* value = find(key);
    if (value == nullptr) return otherwise;
    Number number{};
    const std::string_view text(value);
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size() ||
        !(number >= least && number <= most))
      throw std::invalid_argument(key + "=" + value + ": not a number from " +
                                  std::to_string(least) + " to " + std::to_string(most));
    return number;
  }
  /// Throws for a key that was never read.
  void refuse_others() const {
    for (const tunrelay_option& option : options_) {
      if (asked_.contains(option.key)) continue;
      std::string known;
      for (const std::string& key : asked_) known += (known.empty() ? "" : ", ") + key;
      throw std::invalid_argument(std::string(option.key) + "=" + option.value +
                                  ": there is no such key" +
                                  (known.empty() ? "" : "; there are: " + known));
    }
  }

 private:
  [[nodiscard]] const char* find(const std::string& key) const {
    asked_.insert(key);
    const char* value = nullptr;
    for (const tunrelay_option& option : options_)
      if (key == option.key) value = option.value;
    return value;
  }

  std::span<const tunrelay_option> options_;
  mutable std::set<std::string> asked_;
};

}  // namespace tunrelay::plugin
