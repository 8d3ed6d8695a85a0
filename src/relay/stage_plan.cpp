// SPDX-License-Identifier: MIT
#include "relay/stage_plan.hpp"

#include <utility>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

std::unique_ptr<Stage> make_or_leave(const StageSpec& spec, std::size_t queue) {
  return spec.make ? spec.make(queue) : nullptr;
}

}  // namespace

StagePlan::StagePlan(Direction direction, const std::vector<StageSpec>& specs,
                     const std::vector<const EventFd*>& wakes)
    : direction_(direction), queues_(wakes.size()) {
  // Neighbouring direction-wide stages share one transfer. With one queue there is nothing
  // to transfer: its lane sees the whole direction.
  std::vector<std::unique_ptr<Stage>> group;
  for (const StageSpec& spec : specs) {
    if (spec.scope == StageScope::kDirection && queues_ > 1) {
      group.push_back(spec.make(0));
      continue;
    }
    if (!group.empty()) add_collector(std::exchange(group, {}), wakes);
    parts_.push_back({spec.make});
  }
  if (!group.empty()) add_collector(std::move(group), wakes);
}

void StagePlan::add_collector(std::vector<std::unique_ptr<Stage>> stages,
                              const std::vector<const EventFd*>& wakes) {
  // The two directions' owners are different workers, so that neither carries both.
  const std::size_t owner = index_of(direction_) % wakes.size();
  const std::size_t specs = stages.size();
  auto& collector = *collectors_.emplace_back(
      std::make_unique<DirectionCollector>(std::move(stages), owner, wakes));
  parts_.push_back(
      {[&collector](std::size_t queue) { return collector.make_lane_stage(queue); }, specs, true});
}

std::vector<std::unique_ptr<Stage>> StagePlan::make_lane_stages(std::size_t queue) const {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const Part& part : parts_) stages.push_back(part.make(queue));
  return stages;
}

DirectionSuccessors StagePlan::make_successors(const std::vector<StageSpec>& specs) const {
  DirectionSuccessors successors;
  successors.lanes.resize(queues_);
  auto spec = specs.begin();
  for (const Part& part : parts_) {
    ensure(specs.end() - spec >= static_cast<std::ptrdiff_t>(part.specs),
           "each stage has a successor or none");
    if (part.is_collector) {
      StageSuccessors& group = successors.collectors.emplace_back();
      for (std::size_t at = 0; at < part.specs; ++at) group.push_back(make_or_leave(*spec++, 0));
      for (StageSuccessors& lane : successors.lanes) lane.push_back(nullptr);
      continue;
    }
    for (std::size_t queue = 0; queue < queues_; ++queue)
      successors.lanes[queue].push_back(make_or_leave(*spec, queue));
    ++spec;
  }
  ensure(spec == specs.end(), "each successor has a stage");
  return successors;
}

std::vector<DirectionCollector*> StagePlan::collectors_of(std::size_t queue) const {
  std::vector<DirectionCollector*> collectors;
  for (const auto& collector : collectors_)
    if (collector->owner() == queue) collectors.push_back(collector.get());
  return collectors;
}

}  // namespace tunrelay
