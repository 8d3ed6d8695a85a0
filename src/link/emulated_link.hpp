// SPDX-License-Identifier: MIT
// An emulated link in use: makes the stages of a description, gives each its counters, and says
// what they have done.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/description.hpp"
#include "stage/link_pace.hpp"
#include "stage/stage_counters.hpp"
#include "stage/stage_spec.hpp"
#include "stage/stage_tap.hpp"

namespace tunrelay {

/// One stage's canonical text, and what it has done.
struct LinkStageReport {
  std::string text;
  StageCounts counts;
  std::uint64_t answers = 0;  ///< frames that it sent back to where its packets came from
  /// What a link of limited speed could have carried since it is in use; nothing for other stages,
  /// and in a replay.
  std::optional<std::uint64_t> capacity_bits{};
};

struct LinkReport {
  std::uint64_t seed = 0;                                  ///< of all random numbers
  std::array<std::vector<LinkStageReport>, 2> directions;  ///< 0: a to b, 1: b to a

  [[nodiscard]] bool empty() const noexcept {
    return directions[0].empty() && directions[1].empty();
  }
};

/// A stage of a link's list, for who follows what it does.
struct LinkStage {
  std::string text;  ///< canonical
  StageChoice choice;
  std::vector<std::shared_ptr<StageCounters>> counters;  ///< of its instances, by queue
  std::int64_t origin_ns = 0;                            ///< what its times count from
};

/// Another one each time, short enough to be typed.
[[nodiscard]] std::uint64_t draw_link_seed();

/// Used by one thread; the stages run in theirs.
class EmulatedLink {
 public:
  struct Site {
    LinkType link_type = LinkType::kIp;
    std::int64_t origin_ns = 0;  ///< what outages and traces count from
    /// One direction alone, where each packet has a deadline of its own, none is gathered, and
    /// what stages would send back is only counted.
    bool is_replay = false;
    /// Which one of a series of links with one seed it is, from 0: each draws other numbers.
    std::uint64_t change = 0;
    /// What sees the packets of a direction's first link of limited speed; empty: nobody does.
    /// Called by workers.
    std::function<std::shared_ptr<StageTap>(std::size_t direction)> make_tap{};
  };
  /// How a link follows the one that was in use before.
  struct Succession {
    const EmulatedLink& former;
    /// By direction, of directions_in_place(): its stages take over from those of FORMER, and what
    /// those have counted counts on.
    std::array<bool, 2> in_place{};
    /// There, stages whose description is the same go on as they are: with their random numbers,
    /// and their times from when they were made.
    bool leaves_same = false;
  };

  /// Reads the files that DESCRIPTION names and compiles its filters: throws a usage Error that
  /// names what is wrong. Without a seed one is drawn.
  EmulatedLink(LinkDescription description, const Site& site);
  EmulatedLink(LinkDescription description, const Site& site, const Succession& succession);
  ~EmulatedLink();
  EmulatedLink(const EmulatedLink&) = delete;
  EmulatedLink& operator=(const EmulatedLink&) = delete;

  /// The stages of DIRECTION (0: a to b, 1: b to a), in order. The first ones insert the answers of
  /// the other direction's stages, which then pass all stages of this direction, as a packet from
  /// its source does. They may outlive the EmulatedLink. In a direction that is in place, what
  /// stays as it is makes nothing.
  [[nodiscard]] std::vector<StageSpec> stages(std::size_t direction) const;
  /// Packets count from now on: before, all pass the stages by.
  void begin() noexcept;
  [[nodiscard]] LinkReport report() const;
  /// By direction. All instances that a relay made are among them once it runs these stages.
  [[nodiscard]] std::array<std::vector<LinkStage>, 2> parts() const;

  /// A link of limited speed, and its stage's text.
  struct Pace {
    std::string text;                ///< empty: there is none
    std::unique_ptr<LinkPace> pace;  ///< one of its own; null: there is none
  };
  /// The first of each direction.
  [[nodiscard]] std::array<Pace, 2> paces() const;
  /// With the seed that is used.
  [[nodiscard]] const LinkDescription& description() const noexcept { return description_; }

 private:
  struct Shared;  ///< what stages and reports share

  EmulatedLink(LinkDescription description, const Site& site, const Succession* succession);

  LinkDescription description_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace tunrelay
