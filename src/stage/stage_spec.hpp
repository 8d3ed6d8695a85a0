// SPDX-License-Identifier: MIT
// How a stage is made: what the emulated link, users' stages and the tunnel itself hand to a relay.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/direction.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Makes the instance of the lane of QUEUE, or a direction's one instance, where QUEUE is 0. Called
/// from any thread.
using StageFactory = std::function<std::unique_ptr<Stage>(std::size_t queue)>;

struct StageSpec {
  StageScope scope = StageScope::kLane;
  StageFactory make;
};

/// Of each direction, in the order in which packets meet the stages.
using StageSpecs = std::array<std::vector<StageSpec>, kDirections>;

}  // namespace tunrelay
