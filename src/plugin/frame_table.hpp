// SPDX-License-Identifier: MIT
// The frames that a user's endpoint has in hand: each a tunrelay_frame, which the user sees, and
// the packet of which it is a part or all. Of fixed size, so that nothing is allocated while
// packets pass; a pointer that the user gives back is believed only where it is one of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "packet/packet.hpp"
#include "plugin/tunrelay/stage_abi.h"

namespace tunrelay {

/// Which way a frame is under way, at one endpoint.
enum class EndpointWay : std::uint8_t {
  kToLink,    ///< from the device
  kToDevice,  ///< from the link
};
inline constexpr std::size_t kEndpointWays = 2;

/// Used by one thread.
class FrameTable {
 public:
  /// A packet that is taken apart, by its number.
  using WholeId = std::uint16_t;
  static constexpr WholeId kNone = std::numeric_limits<WholeId>::max();

  /// A cache line.
  struct Slot {
    tunrelay_frame frame;   ///< first, so that its address is the slot's
    SegmentRun run;         ///< which part ...
    WholeId whole = kNone;  ///< ... of what
    EndpointWay way = EndpointWay::kToLink;
    bool is_in_hand = false;  ///< the user's to answer for
  };
  static_assert(sizeof(Slot) == 64);

  /// SLOTS: fewer than kNone.
  explicit FrameTable(std::size_t slots) : slots_(slots), wholes_(slots) {
    free_.reserve(slots);
    for (std::size_t slot = slots; slot != 0; --slot)
      free_.push_back(static_cast<std::uint16_t>(slot - 1));
    free_wholes_ = free_;
  }

  /// PACKET, on its WAY, whose segments go their ways by part_whole(), in one frame or in many.
  /// There are as many as slots; kNone when all are taken.
  [[nodiscard]] WholeId begin_whole(const Packet& packet, EndpointWay way) noexcept {
    if (free_wholes_.empty()) return kNone;
    const WholeId whole = free_wholes_.back();
    free_wholes_.pop_back();
    wholes_[whole] = {packet, way, packet.run.count()};
    return whole;
  }
  /// SEGMENTS of it go their way; whether that leaves any.
  [[nodiscard]] bool part_whole(WholeId whole, std::uint16_t segments) noexcept {
    std::uint16_t& left = wholes_[whole].unanswered;
    left = static_cast<std::uint16_t>(left - segments);
    if (left != 0) return true;
    free_wholes_.push_back(whole);
    return false;
  }
  [[nodiscard]] EndpointWay way_of(WholeId whole) const noexcept { return wholes_[whole].way; }
  [[nodiscard]] Packet part_of(WholeId whole, SegmentRun run) const noexcept {
    Packet part = wholes_[whole].packet;
    part.run = run;
    return part;
  }

  /// A free slot, now for RUN of WHOLE; its frame is to be filled in. Null: there is none.
  [[nodiscard]] Slot* take(WholeId whole, SegmentRun run) noexcept {
    if (free_.empty()) return nullptr;
    Slot& slot = slots_[free_.back()];
    free_.pop_back();
    slot.run = run;
    slot.whole = whole;
    slot.way = wholes_[whole].way;
    slot.is_in_hand = true;
    return &slot;
  }
  /// It is not the user's any more; WHOLE is unchanged.
  void give_back(const Slot& slot) noexcept { free_.push_back(index_of(slot)); }

  [[nodiscard]] Slot& at(std::uint16_t index) noexcept { return slots_[index]; }
  [[nodiscard]] std::uint16_t index_of(const Slot& slot) const noexcept {
    return static_cast<std::uint16_t>(&slot - slots_.data());
  }
  /// The slot of a frame that the user has in hand; null for any other address.
  [[nodiscard]] Slot* find(const tunrelay_frame* frame) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(frame);
    const std::uintptr_t distance = address - reinterpret_cast<std::uintptr_t>(slots_.data());
    if (distance % sizeof(Slot) != 0 || distance / sizeof(Slot) >= slots_.size()) return nullptr;
    Slot& slot = slots_[distance / sizeof(Slot)];
    return slot.is_in_hand ? &slot : nullptr;
  }

 private:
  struct Whole {
    Packet packet;
    EndpointWay way = EndpointWay::kToLink;
    std::uint16_t unanswered = 0;  ///< segments
  };

  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_;
  std::vector<Whole> wholes_;
  std::vector<std::uint16_t> free_wholes_;
};

}  // namespace tunrelay
