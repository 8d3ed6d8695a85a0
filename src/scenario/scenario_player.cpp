// SPDX-License-Identifier: MIT
#include "scenario/scenario_player.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// Stands before all others in each list of a scenario with outages, so that one that begins or
/// ends is a change in place.
OutageConfig outage_stage(bool is_down) {
  OutageConfig outage;
  if (is_down)
    outage.down_ns = kNanosecondsPerSecond;
  else
    outage.outages.push_back({});
  return outage;
}

}  // namespace

ScenarioPlayer::ScenarioPlayer(std::shared_ptr<const Scenario> scenario, LinkDescription base)
    : scenario_(std::move(scenario)), lists_(std::move(base.directions)) {
  ensure(base.seed.has_value(), "a scenario is played with a seed");
  link_.seed = base.seed;
  for (const ScenarioEntry& entry : scenario_->entries)
    tracks_.push_back(make_track(entry, *base.seed, static_cast<std::uint32_t>(tracks_.size())));
  advance(0);
  link_ = composed(outages_);
}

std::int64_t ScenarioPlayer::next_ns() const noexcept {
  std::int64_t next_ns = kNever;
  for (const auto& track : tracks_) next_ns = std::min(next_ns, track->next_ns());
  return next_ns;
}

bool ScenarioPlayer::advance(std::int64_t now_ns) {
  for (;;) {
    // Of one moment, those of earlier entries come first.
    const auto first = std::min_element(
        tracks_.begin(), tracks_.end(),
        [](const auto& left, const auto& right) { return left->next_ns() < right->next_ns(); });
    if (first == tracks_.end() || (*first)->next_ns() == kNever || (*first)->next_ns() > now_ns)
      break;
    apply((*first)->take());
  }
  LinkDescription next = composed(outages_);
  const bool differs = next != link_;
  link_ = std::move(next);
  return differs;
}

void ScenarioPlayer::apply(const LinkAction& action) {
  for (std::size_t direction = 0; direction < lists_.size(); ++direction)
    if (action.lists.at(direction)) lists_.at(direction) = *action.lists.at(direction);
  for (const ParameterSetting& setting : action.settings)
    set_link_parameter(lists_.at(setting.direction), setting.parameter, setting.value);
  outages_ += action.outages;
}

LinkDescription ScenarioPlayer::composed(int outages) const {
  LinkDescription link{lists_, link_.seed};
  // A scenario that waits for traffic needs a stage that sees some.
  if (scenario_->has_outages || scenario_->start == Scenario::Start::kTraffic)
    for (StageList& stages : link.directions)
      stages.emplace(stages.begin())->choice.emplace<OutageConfig>(outage_stage(outages > 0));
  return link;
}

}  // namespace tunrelay
