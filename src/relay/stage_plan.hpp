// The stages of both directions as a relay's workers run them: what makes those of each lane,
// and the hubs of those that hold for a whole direction.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/event_fd.hpp"
#include "relay/direction.hpp"
#include "relay/hand_off.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// One stage of a direction, in the order in which packets meet them.
struct StageSpec {
  StageScope scope = StageScope::kLane;
  /// QUEUE: the lane's; 0 for a direction's one instance.
  std::function<std::unique_ptr<Stage>(Direction direction, std::size_t queue)> make;
};
using StageSpecs = std::array<std::vector<StageSpec>, kDirections>;

/// Must outlive the lanes' stages that it has made.
class StagePlan {
 public:
  /// WAKES: the wake-up of each worker, in the order of the queues; they must outlive the plan.
  StagePlan(const StageSpecs& specs, const std::vector<const EventFd*>& wakes);

  [[nodiscard]] std::vector<std::unique_ptr<Stage>> make_lane_stages(Direction direction,
                                                                     std::size_t queue) const;
  /// Those that the worker of QUEUE runs.
  [[nodiscard]] std::vector<DirectionHub*> hubs_of(std::size_t queue) const;

 private:
  using StageMaker = std::function<std::unique_ptr<Stage>(std::size_t queue)>;

  void add_hub(Direction direction, std::vector<std::unique_ptr<Stage>> stages,
               const std::vector<const EventFd*>& wakes);

  std::array<std::vector<StageMaker>, kDirections> makers_;
  std::vector<std::unique_ptr<DirectionHub>> hubs_;
};

}  // namespace tunrelay
