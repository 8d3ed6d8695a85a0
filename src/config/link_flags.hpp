// SPDX-License-Identifier: MIT
// The flags that describe an emulated link; whatever has one shares them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "link/description.hpp"
#include "scenario/scenario.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

/// As the user wrote them.
struct LinkFlags {
  std::string link;  ///< a profile's name or a file
  std::string a_to_b, b_to_a;
  std::optional<std::uint64_t> seed;
  std::string scenario;  ///< a name or a file
};

/// Adds the flags to COMMAND. FLAGS must outlive the parser.
void add_link_flags(CLI::App& command, LinkFlags& flags);
/// The flag of what becomes of the link over time, likewise.
void add_scenario_flag(CLI::App& command, LinkFlags& flags);

/// A profile or file says what both directions are; a direction's own flag stands for it instead.
/// The files that its stages name are read: call it before signals are blocked. Throws a usage
/// Error that names the flag or the file, and the place.
LinkDescription link_description(const LinkFlags& flags);
/// Null where there is none. Reads files and throws likewise.
std::shared_ptr<const Scenario> scenario_of(const LinkFlags& flags);

}  // namespace tunrelay
