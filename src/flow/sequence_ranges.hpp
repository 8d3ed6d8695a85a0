// SPDX-License-Identifier: MIT
// Parts of a TCP stream that are to be remembered, in a fixed number of places: what has not come
// yet below the highest number, and what was sent again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flow/sequence_number.hpp"

namespace tunrelay {

/// The holes in what has come. They are in the order of their numbers and don't overlap.
class MissingRanges {
 public:
  static constexpr std::size_t kMaxRanges = 32;

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool overlaps(const SequenceRange& range) const noexcept;
  /// HOLE lies above all others. Returns whether there was room: if not, the lowest one was
  /// forgotten, as if it had been filled.
  bool add(const SequenceRange& hole) noexcept;
  /// RANGE has come. Returns whether there was room, as add() does: what comes within a hole
  /// makes two of it.
  bool fill(const SequenceRange& range) noexcept;
  /// What lies below ACKNOWLEDGED has come, whether or not it was seen.
  void forget_below(std::uint32_t acknowledged) noexcept;

 private:
  void erase(std::size_t at) noexcept;
  bool insert(std::size_t at, const SequenceRange& range) noexcept;

  std::array<SequenceRange, kMaxRanges> ranges_;
  std::size_t count_ = 0;
};

/// The newest of the ranges that were added.
class RecentRanges {
 public:
  void add(const SequenceRange& range) noexcept {
    // Runs of one burst follow each other.
    SequenceRange& last = ranges_[(next_ + ranges_.size() - 1) % ranges_.size()];
    if (last.begin != last.end && last.end == range.begin) {
      last.end = range.end;
      return;
    }
    ranges_[next_] = range;
    next_ = (next_ + 1) % ranges_.size();
  }
  [[nodiscard]] bool overlaps(const SequenceRange& range) const noexcept {
    for (const SequenceRange& known : ranges_)
      if (known.begin != known.end && known.overlaps(range)) return true;
    return false;
  }

 private:
  std::array<SequenceRange, 16> ranges_;  ///< a ring; empty: unused
  std::size_t next_ = 0;
};

}  // namespace tunrelay
