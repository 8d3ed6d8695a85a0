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
  static constexpr std::size_t kMaxRanges = 64;

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool overlaps(const SequenceRange& range) const noexcept;
  /// Whether part of RANGE may lie in a hole that had to be forgotten.
  [[nodiscard]] bool may_overlap_forgotten(const SequenceRange& range) const noexcept {
    return forgotten_.overlaps(range);
  }
  /// HOLE lies above all others. Where there is no room, the lowest one is forgotten.
  void add(const SequenceRange& hole) noexcept { insert(count_, hole); }
  /// RANGE has come. Within a hole it makes two of it, as add() does.
  void fill(const SequenceRange& range) noexcept;
  /// What lies below ACKNOWLEDGED has come, whether or not it was seen.
  void forget_below(std::uint32_t acknowledged) noexcept;

 private:
  void erase(std::size_t at) noexcept;
  void insert(std::size_t at, const SequenceRange& range) noexcept;

  std::array<SequenceRange, kMaxRanges> ranges_;
  std::size_t count_ = 0;
  SequenceRange forgotten_;  ///< has all that were; empty: none
};

/// What was sent again: the newest ranges as they are, and those before, as far as they are not
/// acknowledged, as one range that has them all.
class SentAgainRanges {
 public:
  void add(const SequenceRange& range) noexcept;
  [[nodiscard]] bool overlaps(const SequenceRange& range) const noexcept;
  void forget_below(std::uint32_t acknowledged) noexcept;

 private:
  std::array<SequenceRange, 16> ranges_;  ///< a ring; empty: unused
  std::size_t next_ = 0;
  SequenceRange older_;
};

}  // namespace tunrelay
