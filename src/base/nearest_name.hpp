// SPDX-License-Identifier: MIT
// The name that somebody who misspelt one most likely meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tunrelay {

/// The one of NAMES that is fewest edits away from NAME (a character added, left out, replaced, or
/// swapped with its neighbour); empty when none is near: within two edits, and a third of its
/// length.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string> names);

/// "did you mean --queues? ", of the nearest one; empty when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> names);

}  // namespace tunrelay
