// SPDX-License-Identifier: MIT
// What tests of stages that take the place of others have in common.
#pragma once

#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "flow_packet.hpp"
#include "stage/impairment_key.hpp"
#include "stage/stage.hpp"

namespace tunrelay::test {

inline constexpr std::int64_t kBeginNs = 5 * kNanosecondsPerSecond;
inline constexpr ImpairmentKey kAnyKey{.seed = 20261130, .stage = 1, .direction = 0};

inline void change(std::unique_ptr<Stage>& running, std::unique_ptr<Stage> next,
                   std::int64_t now_ns) {
  next->take_over(*running, now_ns);
  running = std::move(next);
}

}  // namespace tunrelay::test
