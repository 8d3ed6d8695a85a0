// SPDX-License-Identifier: MIT
// Packets of one flow in a batch, merged into one UDP or TCP super-packet as the kernel's GRO would
// merge them: one write instead of up to 64 or 128, and one walk through the receiver's stack.
// Small ones become one of up to 64 KiB; super-packets of TCP become a larger one where the target
// takes it. Which packets may be merged stands in merge_rules.hpp, the headers in
// merged_headers.hpp.
//
// Use, once a batch:
//   coalescer.plan(packets);
//   for (const MergeGroup& group : coalescer.groups()) {
//     const std::size_t count = coalescer.build(group, slot, pieces);
//     ... one gather write of pieces[0, count) ...
//     coalescer.for_each_packet(group, [&](const Packet& packet) { ... account, release ... });
//   }
// Every packet of the batch is in exactly one group; most groups have one packet, which is
// then written as build_run() says. The groups stand in the order of their first packets, and
// the packets of a flow never change their order. So a packet that can't be merged ends the group
// of its flow, and one whose flow is unknown (a fragment) ends all groups.
// Packets of different flows may change places.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/batch.hpp"
#include "packet/gather.hpp"
#include "packet/merge_rules.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// Packets of the batch that leave as one, in order.
struct MergeGroup {
  std::uint16_t first = 0;          ///< index in the batch
  std::uint16_t last = 0;           ///< index in the batch
  std::uint32_t count = 1;          ///< packets
  std::uint32_t payload_bytes = 0;  ///< of all packets; not set for a group of one
};

/// About 10 KB, no allocation. Not thread-safe: one a lane.
class Coalescer {
 public:
  explicit Coalescer(MergeRules rules = {}) noexcept : rules_(rules) {}

  [[nodiscard]] const MergeRules& rules() const noexcept { return rules_; }
  /// Takes effect with the next plan().
  void change_rules(const MergeRules& rules) noexcept { rules_ = rules; }

  /// PACKETS: at most kMaxBatch packets that parse() accepted. They, and their frames, must
  /// stay as they are until the last build().
  void plan(std::span<const Packet> packets) noexcept;

  [[nodiscard]] std::span<const MergeGroup> groups() const noexcept {
    return {groups_.data(), group_count_};
  }

  /// Makes PIECES the group's packet, ready for one gather write that begins with the
  /// virtio-net header, and returns how many there are. SLOT must stay until it is written.
  /// What build_run() says of a whole packet holds for a group of one.
  [[nodiscard]] std::size_t build(const MergeGroup& group, HeaderSlot& slot,
                                  std::span<iovec, kMaxMergedPieces> pieces) const noexcept;

  /// The packet that GROUP begins with.
  [[nodiscard]] const Packet& first_of(const MergeGroup& group) const noexcept {
    return packets_[group.first];
  }
  /// Calls VISIT(packet) for the packets of GROUP in order.
  template <typename Visit>
  void for_each_packet(const MergeGroup& group, Visit visit) const {
    for (std::uint16_t at = group.first;; at = next_[at]) {
      visit(packets_[at]);
      if (at == group.last) return;
    }
  }

 private:
  /// A flow seen in this batch, and the last group of it.
  struct FlowEntry {
    std::uint32_t hash = 0;
    std::uint16_t turn = 0;  ///< the entry is free when this is not the current one
    std::uint16_t group = 0;
  };
  /// Twice as many as flows can be in a batch, so that a free one is never far.
  static constexpr std::size_t kFlowEntries = 2 * kMaxBatch;
  static constexpr std::uint16_t kNoGroup = 0xffff;

  void begin_turn() noexcept;
  /// By the rules: one of kOpener to kBystander, but kSuperPacket.
  [[nodiscard]] MergeRole role_of(const Packet& packet) const noexcept;
  std::uint16_t add_group(std::uint16_t packet) noexcept;
  void close_all() noexcept;
  void close(std::uint16_t group) noexcept;
  [[nodiscard]] bool is_open(std::uint16_t group) const noexcept {
    return open_[group].first != nullptr;
  }
  [[nodiscard]] FlowEntry& find_flow(const Packet& packet) noexcept;
  void place(std::uint16_t at, MergeRole role) noexcept;
  void join(std::uint16_t group, std::uint16_t at, MergeRole role) noexcept;
  std::size_t build_merged(const MergeGroup& group, HeaderSlot& slot,
                           std::span<iovec, kMaxMergedPieces> pieces) const noexcept;

  MergeRules rules_;
  std::span<const Packet> packets_;
  std::size_t group_count_ = 0;
  std::size_t open_count_ = 0;
  std::uint16_t latest_open_ = kNoGroup;  ///< a flow's packets mostly come in a row
  std::uint16_t turn_ = 0;
  std::array<MergeGroup, kMaxBatch> groups_;
  std::array<OpenGroup, kMaxBatch> open_;        ///< beside groups_; no first: not open
  std::array<std::uint16_t, kMaxBatch> next_{};  ///< the packet that follows in the group
  std::array<FlowEntry, kFlowEntries> flows_;
};

}  // namespace tunrelay
