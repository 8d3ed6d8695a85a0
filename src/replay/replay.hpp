// SPDX-License-Identifier: MIT
// The stages of an emulated link over the packets of a file, in virtual time: no device, no root,
// no clock, so that the same file, link and seed give the same answer, bit for bit. With stages of
// a user's there are both directions: what their endpoints send back crosses the other one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/drop_reason.hpp"
#include "base/tally.hpp"
#include "link/emulated_link.hpp"
#include "plugin/user_stages.hpp"
#include "scenario/scenario.hpp"

namespace tunrelay {

struct ReplayOptions {
  std::string input;   ///< pcap or pcapng, of raw IP packets or Ethernet frames
  std::string output;  ///< pcapng: what came out, at the time it came out
  LinkDescription link;
  /// What becomes of it, from the first packet on; null: it stays.
  std::shared_ptr<const Scenario> scenario = nullptr;
  std::size_t direction = 0;  ///< whose stages the packets meet; 0: a to b
  std::string interface;      ///< of the input, whose packets are taken; empty: see PacketChoice
  std::string application;    ///< what the output says has written it
  /// Of a user's, from the devices to the link. Packets that they still have in hand at the end of
  /// the file are waited for, up to LINGER of virtual time.
  std::vector<StageRequest> stages{};
  std::int64_t linger_ns = 60'000'000'000;
};

struct ReplayReport {
  Tally read;
  Tally made;  ///< by stages: copies and the like
  Tally written;
  Tally queued;  ///< what had no time at which it was due, at the end
  std::array<Tally, kDropReasons> dropped{};
  std::uint64_t disordered = 0;  ///< packets stamped earlier than one before; taken as at that time
  std::uint64_t cut = 0;         ///< packets of which the file has a part only; left out
  std::uint64_t link_changes = 0;  ///< by the scenario
  std::int64_t duration_ns = 0;    ///< from the first packet that came in to the last that came out
  LinkReport link;
  std::vector<UserStageReport> stages;
};

/// Reads all of the input and writes all of the output. Throws Error: a usage Error for a file, a
/// link or a stage that can't be, a system Error when the output can't be written.
ReplayReport replay(const ReplayOptions& options);

}  // namespace tunrelay
