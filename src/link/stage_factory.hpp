// From one stage's description to what makes it: files are read and checked here, once, before
// anything is set up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "link/description.hpp"
#include "stage/return_path.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Where a stage will work.
struct StagePlace {
  std::uint64_t seed = 0;       ///< of the whole link
  std::uint32_t stage = 0;      ///< its place in the direction's list, from 0
  std::uint32_t direction = 0;  ///< 0: a to b, 1: b to a
  std::int64_t origin_ns = 0;   ///< what its times count from
  bool is_replay = false;       ///< each packet has a deadline of its own, none is gathered
};

/// One instance a lane or a direction, as stage_scope() says; from any thread. BACK: where a stage
/// that has_answers() sends them; null for all others.
using StageFactory = std::function<std::unique_ptr<Stage>(const std::shared_ptr<ReturnPath>& back)>;

[[nodiscard]] StageScope stage_scope(const StageChoice& choice);
/// Whether it sends frames to the device that its packets come from. Such a stage is of scope
/// kLane.
[[nodiscard]] bool has_answers(const StageChoice& choice);

/// Throws a usage Error for a file that can't be read or says what can't be.
[[nodiscard]] StageFactory make_factory(const StageChoice& choice, const StagePlace& place);

}  // namespace tunrelay
