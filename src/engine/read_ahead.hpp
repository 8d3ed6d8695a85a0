// SPDX-License-Identifier: MIT
// How many packets an engine reads from one endpoint before it turns to writing: as many as stay
// in the CPU's cache until they are written. With 64 KiB super-packets the copies into and out of
// user space are most of a relay's work, and they take a third longer from the next cache on;
// small packets are read by the batch, so that they can be merged.
#pragma once

#include <algorithm>
#include <cstddef>

namespace tunrelay {

/// Follows the packets of one endpoint. Not thread-safe.
class ReadAhead {
 public:
  /// MOST: packets, for small ones.
  explicit ReadAhead(std::size_t most) noexcept : most_(most), limit_(most) {}

  /// One packet more was read in this turn.
  void note(std::size_t bytes) noexcept {
    ++packets_;
    bytes_ += bytes;
  }
  /// The turn's packets are all noted: sets the limit by their average size.
  void end_turn() noexcept {
    if (packets_ == 0) return;
    limit_ = std::clamp(kHotBytes * packets_ / std::max<std::size_t>(bytes_, 1),
                        std::min(kMin, most_), most_);
    packets_ = bytes_ = 0;
  }
  /// Packets that may be read ahead now.
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  /// Whether this turn has read enough, for an engine that reads packet by packet.
  [[nodiscard]] bool is_enough() const noexcept {
    return packets_ >= most_ || (bytes_ >= kHotBytes && packets_ >= kMin);
  }

 private:
  // What is read and what is written of one turn fit half an L2 cache of 1 MiB. Fewer than eight
  // reads a turn cost more for the turns than they save (measured with 4, 8, 16, 32 and 64).
  static constexpr std::size_t kHotBytes = 256 * 1024;
  static constexpr std::size_t kMin = 8;

  std::size_t most_;
  std::size_t limit_;
  std::size_t packets_ = 0;  ///< of this turn
  std::size_t bytes_ = 0;
};

}  // namespace tunrelay
