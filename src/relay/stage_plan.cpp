#include "relay/stage_plan.hpp"

#include <utility>

namespace tunrelay {

StagePlan::StagePlan(const StageSpecs& specs, const std::vector<const EventFd*>& wakes) {
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    // Neighbouring direction-wide stages share one hand-off. With one queue there is nothing
    // to hand over: its lane sees the whole direction.
    std::vector<std::unique_ptr<Stage>> group;
    for (const StageSpec& spec : specs[index_of(direction)]) {
      if (spec.scope == StageScope::kDirection && wakes.size() > 1) {
        group.push_back(spec.make(direction, 0));
        continue;
      }
      if (!group.empty()) add_hub(direction, std::exchange(group, {}), wakes);
      makers_[index_of(direction)].push_back(
          [make = spec.make, direction](std::size_t queue) { return make(direction, queue); });
    }
    if (!group.empty()) add_hub(direction, std::move(group), wakes);
  }
}

void StagePlan::add_hub(Direction direction, std::vector<std::unique_ptr<Stage>> stages,
                        const std::vector<const EventFd*>& wakes) {
  // The two directions' owners are different workers, so that neither carries both.
  const std::size_t owner = index_of(direction) % wakes.size();
  auto& hub = *hubs_.emplace_back(std::make_unique<DirectionHub>(std::move(stages), owner, wakes));
  makers_[index_of(direction)].push_back(
      [&hub](std::size_t queue) { return hub.make_lane_stage(queue); });
}

std::vector<std::unique_ptr<Stage>> StagePlan::make_lane_stages(Direction direction,
                                                                std::size_t queue) const {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const StageMaker& make : makers_[index_of(direction)]) stages.push_back(make(queue));
  return stages;
}

std::vector<DirectionHub*> StagePlan::hubs_of(std::size_t queue) const {
  std::vector<DirectionHub*> hubs;
  for (const auto& hub : hubs_)
    if (hub->owner() == queue) hubs.push_back(hub.get());
  return hubs;
}

}  // namespace tunrelay
