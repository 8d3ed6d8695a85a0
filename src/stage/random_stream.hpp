// SPDX-License-Identifier: MIT
// The random numbers of a stage: each is drawn for one wire segment, and depends on the link's
// seed, the stage, the direction and the segment's number alone. So a decision is the same
// whatever came with the segment in one turn, and whichever queue it came through.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/philox.hpp"
#include "packet/packet.hpp"
#include "stage/impairment_key.hpp"

namespace tunrelay {

/// Random numbers for one purpose of a stage; a plain value.
class RandomStream {
 public:
  /// PURPOSE: streams of one stage with different purposes are independent.
  RandomStream(const ImpairmentKey& key, std::uint8_t purpose) noexcept
      : key_{static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)},
        stage_(key.stage),
        direction_(key.direction | std::uint32_t{purpose} << 8 | std::uint32_t{key.kind} << 16) {}

  /// Four for the segment with that number.
  [[nodiscard]] std::array<std::uint32_t, 4> at(std::uint64_t number) const noexcept {
    return philox({static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32),
                   stage_, direction_},
                  key_);
  }

 private:
  PhiloxKey key_;
  std::uint32_t stage_;
  std::uint32_t direction_;
};

/// A number from 0 to BELOW - 1, all but equally likely.
[[nodiscard]] constexpr std::uint64_t scale_random(std::uint32_t random,
                                                   std::uint32_t below) noexcept {
  return std::uint64_t{random} * below >> 32;
}

/// Numbers the wire segments of a stage in the order in which its direction's queues bring them.
/// Shared by the instances of all lanes.
class SegmentNumbers {
 public:
  /// Any thread: numbers for all segments of PACKETS, from the one returned on.
  [[nodiscard]] std::uint64_t take_for(std::span<const Packet> packets) noexcept {
    std::uint64_t count = 0;
    for (const Packet& packet : packets) count += packet.run.count();
    return next_.fetch_add(count, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace tunrelay
