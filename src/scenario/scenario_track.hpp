// SPDX-License-Identifier: MIT
// What one entry of a scenario does, one moment after the other. It depends on the entry and the
// seed alone.
#pragma once

#include <cstdint>
#include <memory>

#include "scenario/scenario.hpp"

namespace tunrelay {

/// Used by one thread.
class ScenarioTrack {
 public:
  static constexpr std::int64_t kNever = ScenarioEntry::kNever;

  virtual ~ScenarioTrack() = default;
  /// Of its next action, since the scenario's start; kNever: there is none.
  [[nodiscard]] virtual std::int64_t next_ns() const noexcept = 0;
  /// Takes the next action, of which there is one.
  [[nodiscard]] virtual LinkAction take() = 0;
};

/// ENTRY must outlive it. NUMBER: its place in the scenario, so that no two draw alike.
[[nodiscard]] std::unique_ptr<ScenarioTrack> make_track(const ScenarioEntry& entry,
                                                        std::uint64_t seed, std::uint32_t number);

}  // namespace tunrelay
