// SPDX-License-Identifier: MIT
// The three quantities in which every packet is accounted for.
#pragma once

#include <cstdint>

namespace tunrelay {

struct Tally {
  std::uint64_t packets = 0;   ///< as read: a super-packet is one
  std::uint64_t segments = 0;  ///< as they would stand on a wire of the link's MTU
  std::uint64_t bytes = 0;     ///< frame bytes, without the virtio-net header

  Tally& operator+=(const Tally& other) noexcept {
    packets += other.packets;
    segments += other.segments;
    bytes += other.bytes;
    return *this;
  }
  Tally& operator-=(const Tally& other) noexcept {
    packets -= other.packets;
    segments -= other.segments;
    bytes -= other.bytes;
    return *this;
  }
  friend Tally operator+(Tally left, const Tally& right) noexcept { return left += right; }
  friend Tally operator-(Tally left, const Tally& right) noexcept { return left -= right; }
  bool operator==(const Tally&) const = default;
};

}  // namespace tunrelay
