// SPDX-License-Identifier: MIT
// From one stage's description to what makes it: files are read and checked here, once, before
// anything is set up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "link/description.hpp"
#include "stage/link_pace.hpp"
#include "stage/return_path.hpp"
#include "stage/stage_spec.hpp"

namespace tunrelay {

/// Where a stage will work.
struct StagePlace {
  std::uint64_t seed = 0;       ///< of the whole link
  std::uint32_t stage = 0;      ///< its place in the direction's list, from 0
  std::uint32_t direction = 0;  ///< 0: a to b, 1: b to a
  std::int64_t origin_ns = 0;   ///< what its times count from
  bool is_replay = false;       ///< each packet has a deadline of its own, none is gathered
  /// Where a stage that has_answers() sends those of a queue's lane.
  std::function<std::shared_ptr<ReturnPath>(std::size_t queue)> way_back;
};

[[nodiscard]] StageScope stage_scope(const StageChoice& choice);
/// Whether it sends frames to the device that its packets come from. Such a stage is of scope
/// kLane.
[[nodiscard]] bool has_answers(const StageChoice& choice);

/// Whether make_pace() says how fast it is.
[[nodiscard]] bool is_link_of_limited_speed(const StageChoice& choice);
/// How fast the link is that a stage is, one of its own: null for a stage that is none. Throws as
/// make_factory() does.
[[nodiscard]] std::unique_ptr<LinkPace> make_pace(const StageChoice& choice,
                                                  std::int64_t origin_ns);

/// One instance a lane or a direction, as stage_scope() says. Throws a usage Error for a file that
/// can't be read or says what can't be.
[[nodiscard]] StageFactory make_factory(const StageChoice& choice, const StagePlace& place);

}  // namespace tunrelay
