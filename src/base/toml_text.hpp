// SPDX-License-Identifier: MIT
// TOML as text, read by toml++. No other file includes that: it checks by assertions what a text of
// the user's may well hold (a table's name that begins with another character than [A-Za-z0-9_-],
// as of 3.3), and takes them for granted where NDEBUG is set. Here they are on, and throw.
#pragma once

#include <string>
#include <string_view>

namespace tunrelay {

/// For toml++ alone; caught by parse_toml().
[[noreturn]] void toml_assertion_failed();

}  // namespace tunrelay

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) \
  (static_cast<bool>(expr) ? static_cast<void>(0) : ::tunrelay::toml_assertion_failed())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace tunrelay {

/// Throws a usage Error for what is not TOML. NAME: what to call the text, before its line and
/// column.
[[nodiscard]] toml::table parse_toml(std::string_view text, const std::string& name);

/// "NAME:3:1", where NODE begins.
[[nodiscard]] std::string toml_place(const std::string& name, const toml::source_region& region);

}  // namespace tunrelay
