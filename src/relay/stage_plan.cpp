// SPDX-License-Identifier: MIT
#include "relay/stage_plan.hpp"

#include <utility>

namespace tunrelay {

StagePlan::StagePlan(const StageSpecs& specs, const std::vector<const EventFd*>& wakes) {
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    // Neighbouring direction-wide stages share one transfer. With one queue there is nothing
    // to transfer: its lane sees the whole direction.
    std::vector<std::unique_ptr<Stage>> group;
    for (const StageSpec& spec : specs[index_of(direction)]) {
      if (spec.scope == StageScope::kDirection && wakes.size() > 1) {
        group.push_back(spec.make(0));
        continue;
      }
      if (!group.empty()) add_collector(direction, std::exchange(group, {}), wakes);
      factories_[index_of(direction)].push_back(spec.make);
    }
    if (!group.empty()) add_collector(direction, std::move(group), wakes);
  }
}

void StagePlan::add_collector(Direction direction, std::vector<std::unique_ptr<Stage>> stages,
                              const std::vector<const EventFd*>& wakes) {
  // The two directions' owners are different workers, so that neither carries both.
  const std::size_t owner = index_of(direction) % wakes.size();
  auto& collector = *collectors_.emplace_back(
      std::make_unique<DirectionCollector>(std::move(stages), owner, wakes));
  factories_[index_of(direction)].push_back(
      [&collector](std::size_t queue) { return collector.make_lane_stage(queue); });
}

std::vector<std::unique_ptr<Stage>> StagePlan::make_lane_stages(Direction direction,
                                                                std::size_t queue) const {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const StageFactory& make : factories_[index_of(direction)]) stages.push_back(make(queue));
  return stages;
}

std::vector<DirectionCollector*> StagePlan::collectors_of(std::size_t queue) const {
  std::vector<DirectionCollector*> collectors;
  for (const auto& collector : collectors_)
    if (collector->owner() == queue) collectors.push_back(collector.get());
  return collectors;
}

}  // namespace tunrelay
