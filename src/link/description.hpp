// SPDX-License-Identifier: MIT
// An emulated link as data: which stages packets meet on their way, in each direction. It comes
// from text (link/stage_text.hpp) or a file (link/link_file.hpp), gets what the files hold that it
// names (link/stage_files.hpp), and becomes stages in link/stage_factory.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stage/corrupt_config.hpp"
#include "stage/delay_config.hpp"
#include "stage/duplicate_config.hpp"
#include "stage/loss_config.hpp"
#include "stage/mtu.hpp"
#include "stage/outage.hpp"
#include "stage/policer.hpp"
#include "stage/queue_config.hpp"
#include "stage/slot_config.hpp"

namespace tunrelay {

/// A file that a stage names. Two are alike when their names are: a description is what was
/// requested.
struct StageFile {
  std::string name;
  /// What it holds; null until it was read (link/stage_files.hpp). Copies share it.
  std::shared_ptr<const std::string> text = nullptr;

  bool operator==(const StageFile& other) const { return name == other.name; }
};

struct DelayDescription {
  DelayConfig config;    ///< its table is empty: it is taken from the file when stages are made
  StageFile table_file;  ///< with JitterShape::kTable

  bool operator==(const DelayDescription&) const = default;
};

/// A link of limited speed, of one of three kinds.
struct BottleneckDescription {
  enum class Pace : std::uint8_t {
    kRate,   ///< bits_per_s
    kSteps,  ///< a file of `time rate` lines
    kTrace,  ///< a file as mahimahi has it
  };

  Pace pace = Pace::kRate;
  std::uint64_t bits_per_s = 0;
  StageFile file = {};
  std::uint64_t burst_bytes = 0;  ///< not of a trace
  WireSize wire = {};
  QueueConfig queue = {};

  bool operator==(const BottleneckDescription&) const = default;
};

/// mahimahi counts a TUN header with each packet, so that one of 1500 bytes fills an opportunity.
inline constexpr std::int32_t kTraceOverheadBytes = 4;

struct SlotDescription {
  SlotConfig config;     ///< its table is empty: it is taken from the file when stages are made
  StageFile table_file;  ///< with JitterShape::kTable

  bool operator==(const SlotDescription&) const = default;
};

/// Decisions go by an alternative's number too: new ones stand at the end. A TrafficClassChange is
/// the stage `ecn` or `dscp`.
using StageChoice = std::variant<DelayDescription, LossConfig, DuplicateConfig, CorruptConfig,
                                 BottleneckDescription, MtuConfig, OutageConfig, PolicerConfig,
                                 SlotDescription, TrafficClassChange>;

struct StageDescription {
  StageChoice choice;
  std::string filter;  ///< for packets that match this tcpdump expression only; empty: all

  bool operator==(const StageDescription&) const = default;
};

/// In the order in which packets meet them.
using StageList = std::vector<StageDescription>;

struct LinkDescription {
  std::array<StageList, 2> directions;  ///< 0: a to b, 1: b to a
  std::optional<std::uint64_t> seed;    ///< of all random numbers; empty: another one each time

  [[nodiscard]] bool empty() const noexcept {
    return directions[0].empty() && directions[1].empty();
  }
  bool operator==(const LinkDescription&) const = default;
};

}  // namespace tunrelay
