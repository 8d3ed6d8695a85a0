// SPDX-License-Identifier: MIT
// Text without the blanks around it.
#pragma once

#include <string_view>

namespace tunrelay {

/// TEXT without blanks, tabs and a line's carriage return at its ends.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

static_assert(trimmed(" \ta b\r") == "a b" && trimmed(" \t").empty());

}  // namespace tunrelay
