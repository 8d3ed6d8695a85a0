// SPDX-License-Identifier: MIT
// The wire segments that an endpoint shows its user: copies, in one piece each. They stay for the
// rest of the turn, so that the endpoint at the other end of the link, if a packet comes there in
// the same turn, shows the same ones and copies and sums nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "packet/packet.hpp"

namespace tunrelay {

/// Used by the thread of the two endpoints.
class ShownSegments {
 public:
  ShownSegments() : memory_(new std::byte[kBytes]) {}

  /// What was shown is forgotten.
  void clear() noexcept {
    used_bytes_ = 0;
    noted_ = 0;
    next_ = 0;
  }
  /// Whether there is room for BYTES without clear(). Behind clear() there is for the largest
  /// frame.
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    return bytes <= kBytes - used_bytes_;
  }
  [[nodiscard]] std::span<std::byte> take(std::size_t bytes) noexcept {
    const std::span<std::byte> room{memory_.get() + used_bytes_, bytes};
    used_bytes_ += bytes;
    return room;
  }
  /// All segments of PACKET's run, a super-packet's, have been put one behind the other from FIRST
  /// on.
  void note(const Packet& packet, std::byte* first) noexcept;
  /// Where segment packet.run.first of PACKET, a super-packet, stands, the rest of its run behind
  /// it; null where they were not noted.
  [[nodiscard]] std::byte* find(const Packet& packet) noexcept;

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 18U;
  static constexpr std::size_t kMaxNoted = 64;

  /// What says which bytes were shown: a packet's stay as they are, its id is its own, and a frame
  /// of a stage's own, which has the id of what it stands for, is never a super-packet.
  struct Noted {
    const std::byte* frame = nullptr;
    std::uint64_t id = 0;
    TrafficClassChange traffic_class;
    SegmentRun run;
    std::byte* first = nullptr;
  };

  std::unique_ptr<std::byte[]> memory_;
  std::size_t used_bytes_ = 0;
  std::array<Noted, kMaxNoted> noted_packets_;
  std::size_t noted_ = 0;
  std::size_t next_ = 0;  ///< packets are mostly looked for in the order in which they were noted
};

}  // namespace tunrelay
