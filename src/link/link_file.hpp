// SPDX-License-Identifier: MIT
// Links as TOML files, and the profiles that the program brings with it:
//   summary = "a short text"                      (may be missing)
//   a-to-b = "delay 20ms, loss 0.1%"              (a text, or an array of them)
//   b-to-a = ["delay 20ms", "rate 10mbit"]
//   seed = 7                                      (may be missing)
// Files that the stages name are looked for beside the TOML file.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "link/description.hpp"

namespace tunrelay {

struct LinkProfile {
  std::string_view name;
  std::string_view toml;
};

/// In alphabetical order.
[[nodiscard]] std::span<const LinkProfile> link_profiles() noexcept;
/// Throws a usage Error that names those that there are.
[[nodiscard]] const LinkProfile& find_profile(std::string_view name);
/// The one of ALL with that NAME, likewise. WHAT they are: "scenario".
[[nodiscard]] const LinkProfile& find_named(std::span<const LinkProfile> all, std::string_view name,
                                            std::string_view what);

struct NamedLink {
  std::string summary;
  LinkDescription description;
};

/// Throws a usage Error with file, line and column. FILE: what to call it.
[[nodiscard]] NamedLink parse_link(std::string_view toml, const std::string& file);

/// A profile's name, or a file: what contains a slash or ends in ".toml". Throws a usage Error.
[[nodiscard]] NamedLink load_link(const std::string& name_or_file);

}  // namespace tunrelay
