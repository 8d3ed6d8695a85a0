// SPDX-License-Identifier: MIT
// A scenario as data: what an emulated link becomes over time. It comes from a file
// (scenario/scenario_file.hpp) and is played by scenario/scenario_player.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "link/description.hpp"
#include "packet/packet.hpp"
#include "scenario/link_parameter.hpp"

namespace tunrelay {

struct ParameterSetting {
  std::size_t direction = 0;  ///< 0: a to b, 1: b to a
  LinkParameter parameter = LinkParameter::kRate;
  double value = 0;

  bool operator==(const ParameterSetting&) const = default;
};

/// What changes at one moment: the lists first, then what is set in them.
struct LinkAction {
  std::array<std::shared_ptr<const StageList>, 2> lists;  ///< null: that one stays
  std::vector<ParameterSetting> settings{};
  int outages = 0;  ///< over 0: so many begin; below: so many end

  void append(const LinkAction& later);
};

/// A list of actions with their times.
struct ActionRows {
  std::vector<std::int64_t> times_ns;  ///< rising, from 0
  std::vector<LinkAction> actions;     ///< as many
};

/// A parameter that is drawn again at each interval.
struct RandomModel {
  enum class Kind : std::uint8_t {
    kWalk,       ///< a random walk: normal steps, reflected at both ends
    kLogNormal,  ///< independent values around a median
  };

  Kind kind = Kind::kWalk;
  std::vector<std::size_t> directions;
  LinkParameter parameter = LinkParameter::kRate;
  double least = 0;
  double most = 0;
  double begin = 0;   ///< of a walk; of kLogNormal the median
  double spread = 0;  ///< of a walk's step: its standard deviation; of kLogNormal: sigma
  std::int64_t interval_ns = 0;
};

/// A Markov chain of named states, each of which lasts for an exponentially distributed time.
struct StateModel {
  struct State {
    std::string name;
    std::int64_t mean_ns = 0;
    LinkAction action;         ///< on entry; outages end with the state
    std::vector<double> next;  ///< by state: how likely it follows, any sum over 0
  };
  std::vector<State> states;  ///< the first one is where it begins
};

struct ScenarioEntry {
  static constexpr std::int64_t kNever = INT64_MAX;

  std::int64_t at_ns = 0;          ///< since the scenario's start
  std::int64_t every_ns = 0;       ///< begins again that often; 0: once
  std::uint64_t times = 0;         ///< of all beginnings; 0: any number
  std::int64_t until_ns = kNever;  ///< nothing begins from then on
  std::variant<ActionRows, RandomModel, StateModel> what;
};

/// A file that a scenario has read, and what it held.
struct ScenarioSource {
  std::string name;
  std::shared_ptr<const std::string> text;
};

struct Scenario {
  enum class Start : std::uint8_t {
    kCommand,  ///< when the tunnel is ready, which is when a command begins
    kTraffic,  ///< with the first packet that meets the link
  };

  std::string name;  ///< as the user gave it
  std::string summary;
  Start start = Start::kCommand;
  std::optional<std::uint64_t> seed;
  std::vector<ScenarioEntry> entries;
  bool has_outages = false;
  /// The file itself, and then all that it names: from these it can be read again elsewhere.
  std::vector<ScenarioSource> sources;
  /// All lists in the file, and where each stands: "x.toml:3:8".
  std::vector<std::pair<std::string, std::shared_ptr<const StageList>>> lists;

  /// Makes each list's stages once, for what only that finds: filters and files that can't be.
  /// Throws a usage Error with the place in the file.
  void check(LinkType link_type) const;
};

/// LINK with the seed that SCENARIO is played with: its own one, else the scenario's, else a new
/// one.
[[nodiscard]] LinkDescription seeded_for(const Scenario& scenario, LinkDescription link);

}  // namespace tunrelay
