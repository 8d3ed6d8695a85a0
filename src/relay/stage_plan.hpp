// SPDX-License-Identifier: MIT
// The stages of one direction as a relay's workers run them: what makes those of each lane, and the
// collectors of those that work on the whole direction.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/direction.hpp"
#include "os/event_fd.hpp"
#include "relay/cross_queue_transfer.hpp"
#include "stage/stage_spec.hpp"

namespace tunrelay {

/// What takes the places of a direction's stages, or of some.
struct DirectionSuccessors {
  std::vector<StageSuccessors> lanes;       ///< by queue
  std::vector<StageSuccessors> collectors;  ///< in the order of StagePlan::collectors()
};

/// Must outlive the lanes' stages that it has made.
class StagePlan {
 public:
  /// WAKES: the wake-up of each worker, in the order of the queues; they must outlive the plan.
  StagePlan(Direction direction, const std::vector<StageSpec>& specs,
            const std::vector<const EventFd*>& wakes);

  [[nodiscard]] std::vector<std::unique_ptr<Stage>> make_lane_stages(std::size_t queue) const;
  /// SPECS: as many as the plan has, of the same scopes; one that makes nothing leaves its stage
  /// in its place.
  [[nodiscard]] DirectionSuccessors make_successors(const std::vector<StageSpec>& specs) const;

  [[nodiscard]] const std::vector<std::unique_ptr<DirectionCollector>>& collectors()
      const noexcept {
    return collectors_;
  }
  /// Those that the worker of QUEUE runs.
  [[nodiscard]] std::vector<DirectionCollector*> collectors_of(std::size_t queue) const;

 private:
  /// What stands in a lane's chain: a stage of its own, or the way to a collector of SPECS stages.
  struct Part {
    StageFactory make;
    std::size_t specs = 1;
    bool is_collector = false;
  };

  void add_collector(std::vector<std::unique_ptr<Stage>> stages,
                     const std::vector<const EventFd*>& wakes);

  Direction direction_;
  std::size_t queues_;
  std::vector<Part> parts_;
  std::vector<std::unique_ptr<DirectionCollector>> collectors_;
};

}  // namespace tunrelay
