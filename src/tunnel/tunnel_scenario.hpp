// SPDX-License-Identifier: MIT
// The scenario that a tunnel plays: its clock, and when the tunnel is to look at it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "os/file_descriptor.hpp"
#include "scenario/scenario_player.hpp"
#include "tunnel/tunnel_options.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// Used by one thread. Moments are CLOCK_MONOTONIC.
class TunnelScenario {
 public:
  /// That of OPTIONS, if they have one; it begins with begin(). Throws Error.
  explicit TunnelScenario(const TunnelOptions& options);

  /// Readable when due() has something to do, also where no scenario plays yet.
  [[nodiscard]] int fd() const noexcept { return timer_.get(); }
  /// Also where its last change is past, until it is ended.
  [[nodiscard]] bool plays() const noexcept { return player_ != nullptr; }
  /// TAKEN is looked at.
  [[nodiscard]] bool waits_for_traffic() const noexcept { return player_ && waits_for_traffic_; }
  /// Of the one that plays.
  [[nodiscard]] const ScenarioPlayer& player() const noexcept { return *player_; }

  /// PLAYER's scenario takes the place of what was played.
  void play(std::unique_ptr<ScenarioPlayer> player, std::string name) noexcept;
  /// Its start, at NOW_NS; one that starts with traffic waits until TAKEN, packets that met the
  /// link, is another number. READY_NS: what reports count from.
  void begin(std::int64_t now_ns, std::uint64_t taken, std::int64_t ready_ns);
  /// The link that is to be in use since a moment that has come, where it is another one.
  [[nodiscard]] std::optional<LinkDescription> due(std::int64_t now_ns, std::uint64_t taken);
  /// What due() has given is in use, or not: then it is given again a while later.
  void note_change(bool is_in_place) noexcept;
  void note_failure(std::int64_t now_ns);
  /// Nothing changes any more.
  void end() noexcept;

  /// The changes so far, for EmulatedLink::Site::change.
  [[nodiscard]] std::uint64_t changes() const noexcept { return report_ ? report_->changes : 0; }
  /// Of the one that plays, or of the last one.
  [[nodiscard]] const std::optional<ScenarioReport>& report() const noexcept { return report_; }

 private:
  void arm(std::int64_t when_ns) noexcept;
  void disarm() noexcept;

  FileDescriptor timer_;
  std::unique_ptr<ScenarioPlayer> player_;
  std::int64_t begun_ns_ = 0;
  bool waits_for_traffic_ = false;
  std::uint64_t taken_before_ = 0;
  bool is_overdue_ = false;  ///< a change has failed, and is tried again
  std::optional<ScenarioReport> report_;
};

/// What CHANGED from FORMER to NEXT, for the record: "a_to_b: rate 5mbit (changed in place)".
[[nodiscard]] std::string change_text(const LinkDescription& former, const LinkDescription& next,
                                      const std::array<bool, kDirections>& in_place);

}  // namespace tunrelay
