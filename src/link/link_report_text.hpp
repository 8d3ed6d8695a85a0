// SPDX-License-Identifier: MIT
// The text of an emulated link's stages and what they have done, for people and for programs.
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "link/emulated_link.hpp"

namespace tunrelay {

/// A line or two a stage of DIRECTION (0: a to b), indented as a direction's other lines.
[[nodiscard]] std::string link_lines(const LinkReport& link, std::size_t direction);

/// Both directions' stages and the seed, in base units with the unit in the key.
[[nodiscard]] nlohmann::ordered_json link_json(const LinkReport& link);

}  // namespace tunrelay
