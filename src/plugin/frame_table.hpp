// SPDX-License-Identifier: MIT
// The frames that a user's endpoint has in hand: each a tunrelay_frame, which the user sees, and
// the packet behind it. Of fixed size, so that nothing is allocated while packets pass; a pointer
// that the user gives back is believed only where it is one of these.
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
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Slot {
    tunrelay_frame frame;         ///< first, so that its address is the slot's
    Packet packet;                ///< what the frame stands for
    std::uint32_t whole = kNone;  ///< of what it is a wire segment, where that is not cut yet
    EndpointWay way = EndpointWay::kToLink;
    bool in_hand = false;  ///< the user's to answer for
  };

  explicit FrameTable(std::size_t slots) : slots_(slots), unanswered_(slots) {
    free_.reserve(slots);
    for (std::size_t slot = slots; slot != 0; --slot)
      free_.push_back(static_cast<std::uint32_t>(slot - 1));
    free_wholes_ = free_;
  }

  /// A free slot, or null.
  [[nodiscard]] Slot* take() noexcept {
    if (free_.empty()) return nullptr;
    Slot& slot = slots_[free_.back()];
    free_.pop_back();
    return &slot;
  }
  void give_back(Slot& slot) noexcept { free_.push_back(index_of(slot)); }

  /// A packet of SEGMENTS that will be answered for one by one; there are as many as slots.
  [[nodiscard]] std::uint32_t begin_whole(std::uint16_t segments) noexcept {
    if (free_wholes_.empty()) return kNone;
    const std::uint32_t whole = free_wholes_.back();
    free_wholes_.pop_back();
    unanswered_[whole] = segments;
    return whole;
  }
  /// SEGMENTS of it go their way; whether that leaves any.
  [[nodiscard]] bool part_whole(std::uint32_t whole, std::uint16_t segments) noexcept {
    unanswered_[whole] = static_cast<std::uint16_t>(unanswered_[whole] - segments);
    if (unanswered_[whole] != 0) return true;
    free_wholes_.push_back(whole);
    return false;
  }

  [[nodiscard]] Slot& at(std::uint32_t index) noexcept { return slots_[index]; }
  [[nodiscard]] std::uint32_t index_of(const Slot& slot) const noexcept {
    return static_cast<std::uint32_t>(&slot - slots_.data());
  }
  /// The slot of a frame that the user has in hand; null for any other address.
  [[nodiscard]] Slot* find(const tunrelay_frame* frame) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(frame);
    const std::uintptr_t distance = address - reinterpret_cast<std::uintptr_t>(slots_.data());
    if (distance % sizeof(Slot) != 0 || distance / sizeof(Slot) >= slots_.size()) return nullptr;
    Slot& slot = slots_[distance / sizeof(Slot)];
    return slot.in_hand ? &slot : nullptr;
  }

 private:
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint16_t> unanswered_;  ///< segments of each whole
  std::vector<std::uint32_t> free_wholes_;
};

}  // namespace tunrelay
