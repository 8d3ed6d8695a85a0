// SPDX-License-Identifier: MIT
// A scenario's clock: which link is in force at a moment, and when it changes next. Pure: the same
// scenario, link and seed give the same links at the same times, however often one looks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "link/description.hpp"
#include "scenario/scenario.hpp"
#include "scenario/scenario_track.hpp"

namespace tunrelay {

/// Used by one thread. All times count from the scenario's start.
class ScenarioPlayer {
 public:
  static constexpr std::int64_t kNever = ScenarioEntry::kNever;

  /// BASE is the link before the first change, and has a seed: of the link and of the models. What
  /// changes at 0 has changed.
  ScenarioPlayer(std::shared_ptr<const Scenario> scenario, LinkDescription base);

  [[nodiscard]] const Scenario& scenario() const noexcept { return *scenario_; }
  /// In force from the last change on.
  [[nodiscard]] const LinkDescription& link() const noexcept { return link_; }
  /// When something changes next, or kNever.
  [[nodiscard]] std::int64_t next_ns() const noexcept;
  /// Makes all changes until NOW_NS, included, as one; true where the link is another one then.
  bool advance(std::int64_t now_ns);
  /// The link with its outages ended.
  [[nodiscard]] LinkDescription link_at_stop() const { return composed(0); }
  /// The same without the stage that outages are made of.
  [[nodiscard]] LinkDescription bare_link() const { return {lists_, link_.seed}; }

 private:
  [[nodiscard]] LinkDescription composed(int outages) const;
  void apply(const LinkAction& action);

  std::shared_ptr<const Scenario> scenario_;
  std::array<StageList, 2> lists_;  ///< without the outages' stage
  int outages_ = 0;                 ///< that are under way
  LinkDescription link_;
  std::vector<std::unique_ptr<ScenarioTrack>> tracks_;
};

}  // namespace tunrelay
