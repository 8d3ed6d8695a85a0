// SPDX-License-Identifier: MIT
// The last step of a lane: packets become writes. Packets of one flow leave
// as one super-packet, runs of a super-packet get headers of their own, and all else is written
// from where it was read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/engine.hpp"
#include "packet/coalesce.hpp"
#include "packet/gather.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// How many writes there were.
struct WriteCount {
  std::size_t writes = 0;
  std::size_t big_tcp = 0;  ///< of those, merged ones beyond 64 KiB
};

/// What the target takes.
struct TargetPlan {
  EndpointIndex endpoint = 1;
  bool has_header = true;  ///< a virtio-net header is wanted before each packet
  MergeRules merge{};      ///< which packets are merged; needs the header
};

/// Used by its worker's thread alone.
class LaneWriter {
 public:
  /// The engine must outlive it.
  LaneWriter(const TargetPlan& target, Engine& engine) noexcept;

  /// All writes of the turn before are done: their headers' memory is free again.
  void begin_turn() noexcept { slots_used_ = 0; }
  /// From the next write() on.
  void change_merging(const MergeRules& rules) noexcept { coalescer_.change_rules(rules); }
  [[nodiscard]] const MergeRules& merging() const noexcept { return coalescer_.rules(); }
  /// Queues the packets for writing: at most kMaxBatch. One reference of each packet's buffer
  /// goes to the engine.
  WriteCount write(std::span<const Packet> packets) noexcept;

 private:
  /// Whether it was one beyond 64 KiB.
  bool write_merged(const MergeGroup& group) noexcept;
  void write_plain(const Packet& packet) noexcept;
  HeaderSlot& next_slot() noexcept;

  TargetPlan target_;
  Engine& engine_;
  Coalescer coalescer_;
  /// One for each write that may need new headers between two flushes.
  std::array<HeaderSlot, kMaxBatch> slots_;
  std::array<WritePart, kMaxBatch> parts_;  ///< of the write beyond 64 KiB that is being made
  std::size_t slots_used_ = 0;
};

}  // namespace tunrelay
