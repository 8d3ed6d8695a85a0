// SPDX-License-Identifier: MIT
// What the random decisions of one stage depend on, beside the number of the wire segment.
#pragma once

#include <cstdint>

namespace tunrelay {

/// Two stages with different keys decide independently; with the same key, alike.
struct ImpairmentKey {
  std::uint64_t seed = 0;       ///< of the whole link
  std::uint32_t stage = 0;      ///< its place in the direction's list, from 0
  std::uint32_t direction = 0;  ///< 0: a to b, 1: b to a
  std::uint8_t kind = 0;        ///< of the stage, so that a loss hits others than a duplicate
};

}  // namespace tunrelay
