// SPDX-License-Identifier: MIT
#include "plugin/user_stages.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "plugin/endpoint_stage.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kEnds = 2;

using Pair = std::array<std::shared_ptr<UserEndpoint>, kEnds>;

}  // namespace

UserStages::UserStages(const std::vector<StageRequest>& requests) {
  for (const StageRequest& request : requests)
    libraries_.push_back(std::make_unique<StageLibrary>(request));
}

UserStages::~UserStages() = default;

std::string UserStages::wants_one_queue() const {
  const auto found = std::find_if(libraries_.begin(), libraries_.end(), [](const auto& library) {
    return library->descriptor().pairs == TUNRELAY_ONE_PAIR;
  });
  return found == libraries_.end() ? "" : (*found)->name();
}

std::string UserStages::makes_system_calls() const {
  const auto found = std::ranges::find_if(
      libraries_, [](const auto& library) { return library->makes_system_calls(); });
  return found == libraries_.end() ? "" : (*found)->name();
}

void UserStages::stand_at(LinkType link_type, std::size_t queues, std::uint32_t mtu_bytes) {
  surroundings_.link_type = link_type;
  surroundings_.queues = static_cast<std::uint32_t>(queues);
  surroundings_.mtu_bytes = mtu_bytes;
  counters_.clear();
  for (std::size_t stage = 0; stage < libraries_.size(); ++stage) counters_.emplace_back(queues);
}

void UserStages::change_mtu(std::uint32_t mtu_bytes) noexcept {
  surroundings_.mtu_bytes.store(mtu_bytes, std::memory_order_relaxed);
}

std::array<UserStageSpecs, kDirections> UserStages::make() {
  std::array<UserStageSpecs, kDirections> specs;
  bool is_outside_opaque = false;
  for (std::size_t stage = 0; stage < libraries_.size(); ++stage) {
    const StageLibrary& library = *libraries_[stage];
    const bool changes = library.descriptor().access == TUNRELAY_CHANGES_WIRE_SEGMENTS;
    EndpointPlace place{.stage = static_cast<std::uint32_t>(stage)};
    place.is_opaque[static_cast<std::size_t>(EndpointWay::kToDevice)] = is_outside_opaque;
    is_outside_opaque = is_outside_opaque || changes;
    place.is_opaque[static_cast<std::size_t>(EndpointWay::kToLink)] = is_outside_opaque;
    auto pairs = std::make_shared<std::vector<Pair>>(surroundings_.queues);
    for (place.queue = 0; place.queue < surroundings_.queues; ++place.queue)
      for (place.end = 0; place.end < kEnds; ++place.end)
        (*pairs)[place.queue].at(place.end) = std::make_shared<UserEndpoint>(
            library, place, surroundings_, counters_[stage][place.queue].at(place.end));
    for (const auto& [a, b] : *pairs) {
      a->share_shown(*b);
      b->share_shown(*a);
    }
    for (std::size_t source = 0; source < kEnds; ++source) {
      const auto spec_for = [&pairs, source](EndpointWay way) -> StageSpec {
        return {StageScope::kLane, [pairs, source, way](std::size_t queue) {
                  return std::make_unique<EndpointStage>((*pairs)[queue].at(source), way);
                }};
      };
      specs.at(source).before_link.push_back(spec_for(EndpointWay::kToLink));
      auto& after = specs.at(1 - source).after_link;
      after.insert(after.begin(), spec_for(EndpointWay::kToDevice));
    }
  }
  return specs;
}

void UserStages::begin() noexcept {
  // A packet goes by, or not, at both of its endpoints: so the moment lies ahead, and no worker has
  // looked at packets that were read behind it.
  begin_at(monotonic_ns() + kNanosecondsPerMillisecond);
}

std::vector<UserStageReport> UserStages::reports() const {
  std::vector<UserStageReport> reports;
  for (std::size_t stage = 0; stage < counters_.size(); ++stage) {
    UserStageReport& report = reports.emplace_back();
    report.name = libraries_[stage]->name();
    report.library = libraries_[stage]->request().library;
    for (const auto& queue : counters_[stage])
      for (std::size_t end = 0; end < kEnds; ++end) queue.at(end).add_to(report.ends.at(end));
  }
  return reports;
}

}  // namespace tunrelay
