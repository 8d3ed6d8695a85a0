// SPDX-License-Identifier: MIT
// How a link that is in use becomes another: in which directions its stages can change in place.
#pragma once

#include <array>
#include <string_view>

#include "link/description.hpp"

namespace tunrelay {

/// Whether a stage can become another one and keep what it queues: both are of one kind. rate,
/// steps and trace are one, with a queue of any kind.
[[nodiscard]] bool can_change_in_place(const StageChoice& former, const StageChoice& next);

/// By direction: whether the lists have the same kinds of stages in the same order, so that each
/// can change in place. Where one direction's stages answer into the other, both change in one way.
[[nodiscard]] std::array<bool, 2> directions_in_place(const LinkDescription& former,
                                                      const LinkDescription& next);

/// What a change did to a direction: "changed in place" or "replaced".
[[nodiscard]] constexpr std::string_view change_text(bool is_in_place) noexcept {
  return is_in_place ? "changed in place" : "replaced";
}

}  // namespace tunrelay
