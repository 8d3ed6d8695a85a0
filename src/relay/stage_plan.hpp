// SPDX-License-Identifier: MIT
// The stages of both directions as a relay's workers run them: what makes those of each lane,
// and the collectors of those that work on a whole direction.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/direction.hpp"
#include "os/event_fd.hpp"
#include "relay/cross_queue_transfer.hpp"
#include "stage/stage_spec.hpp"

namespace tunrelay {

/// Must outlive the lanes' stages that it has made.
class StagePlan {
 public:
  /// WAKES: the wake-up of each worker, in the order of the queues; they must outlive the plan.
  StagePlan(const StageSpecs& specs, const std::vector<const EventFd*>& wakes);

  [[nodiscard]] std::vector<std::unique_ptr<Stage>> make_lane_stages(Direction direction,
                                                                     std::size_t queue) const;
  /// Those that the worker of QUEUE runs.
  [[nodiscard]] std::vector<DirectionCollector*> collectors_of(std::size_t queue) const;

 private:
  void add_collector(Direction direction, std::vector<std::unique_ptr<Stage>> stages,
                     const std::vector<const EventFd*>& wakes);

  std::array<std::vector<StageFactory>, kDirections> factories_;
  std::vector<std::unique_ptr<DirectionCollector>> collectors_;
};

}  // namespace tunrelay
