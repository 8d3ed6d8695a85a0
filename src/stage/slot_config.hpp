// SPDX-License-Identifier: MIT
// The options of the stage `slot`, with tc-netem(8)'s meaning.
#pragma once

#include <cstdint>

#include "stage/delay_config.hpp"

namespace tunrelay {

struct SlotConfig {
  /// From one slot to the next, evenly from MIN to MAX, where BY_DISTRIBUTION is not set.
  std::int64_t min_ns = 0;
  std::int64_t max_ns = 0;
  bool by_distribution = false;
  /// By this delay, its jitter and shape, with BY_DISTRIBUTION; the rest of it says nothing.
  DelayConfig distribution{};
  std::uint64_t packets = 0;  ///< wire segments of a slot at most; 0: any number
  std::uint64_t bytes = 0;    ///< after so many of their frames a slot ends; 0: never

  bool operator==(const SlotConfig&) const = default;
};

}  // namespace tunrelay
