// SPDX-License-Identifier: MIT
// The flags that describe an emulated link; whatever has one shares them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "link/description.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

/// As the user wrote them.
struct LinkFlags {
  std::string link;  ///< a profile's name or a file
  std::string a_to_b, b_to_a;
  std::optional<std::uint64_t> seed;
};

/// Adds the flags to COMMAND. FLAGS must outlive the parser.
void add_link_flags(CLI::App& command, LinkFlags& flags);

/// A profile or file says what both directions are; a direction's own flag stands for it instead.
/// The files that its stages name are read: call it before signals are blocked. Throws a usage
/// Error that names the flag or the file, and the place.
LinkDescription link_description(const LinkFlags& flags);

}  // namespace tunrelay
