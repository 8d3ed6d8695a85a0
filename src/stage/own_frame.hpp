// SPDX-License-Identifier: MIT
// Frames of a stage's own. One that changes what it was given: a packet's bytes are shared by all
// its runs and copies, so one wire segment is made a frame of the stage's own first. And one that
// says something by itself, which nobody has read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "packet/wire_segment.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// PACKET, whose run is one wire segment, becomes a frame in memory of its own, which may be
/// written: complete, its checksums computed, no GSO. The old run is consumed; pass or drop PACKET
/// as ever. False when there is no memory (the queue memory is full): PACKET is then as it was.
[[nodiscard]] bool make_own_frame(Packet& packet, StageOutput& output) noexcept;
/// The same by COPIER, which is for the packet of which this is a segment: faster, if there are
/// many.
[[nodiscard]] bool make_own_frame(Packet& packet, WireSegmentCopier& copier,
                                  StageOutput& output) noexcept;

/// A packet of BYTES, a frame complete with its checksums, made from LIKE or identified as LIKE is:
/// it has that one's arrival and id. It is counted as made, and must be passed or dropped; its
/// layers are yet to be read. Nothing when the queue memory is full.
[[nodiscard]] std::optional<Packet> add_frame(std::span<const std::byte> bytes, const Packet& like,
                                              StageOutput& output) noexcept;

/// Makes frames that nobody has read. Used by one thread.
class FrameSource {
 public:
  /// No two sources of a relay are at the same place, so that each frame has an id of its own.
  struct Place {
    bool is_link = false;     ///< a stage of the emulated link, or one of a user's own
    std::uint32_t stage = 0;  ///< its number there
    std::uint32_t queue = 0;
    std::uint32_t end = 0;  ///< 0: a, or from a to b; 1: b, or from b to a
  };

  explicit FrameSource(const Place& place) noexcept : place_(place) {}

  /// By add_frame(), with an id of its own.
  [[nodiscard]] std::optional<Packet> make(std::span<const std::byte> bytes, std::int64_t now_ns,
                                           StageOutput& output) noexcept;

 private:
  Place place_;
  std::uint64_t frames_made_ = 0;
};

/// Copies of frames that wait for the turn of the lane that they are for, in memory that is there
/// from the start.
class WaitingFrames {
 public:
  struct Place {
    std::uint32_t at = 0;
    std::uint32_t length = 0;
  };

  explicit WaitingFrames(std::size_t most_bytes) { bytes_.reserve(most_bytes); }

  /// Where BYTES now are; nothing when there is no room.
  [[nodiscard]] std::optional<Place> put(std::span<const std::byte> bytes) noexcept {
    if (bytes_.size() + bytes.size() > bytes_.capacity()) return std::nullopt;
    const Place place{static_cast<std::uint32_t>(bytes_.size()),
                      static_cast<std::uint32_t>(bytes.size())};
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return place;
  }
  [[nodiscard]] std::span<const std::byte> bytes(const Place& place) const noexcept {
    return std::span(bytes_).subspan(place.at, place.length);
  }
  void clear() noexcept { bytes_.clear(); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace tunrelay
