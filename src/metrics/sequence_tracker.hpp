// SPDX-License-Identifier: MIT
// What became of a flow's messages, by the sequence numbers of those that arrive: lost, twice, out
// of order. The terms are those of RFC 4737.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/counter.hpp"

namespace tunrelay {

/// Sums over flows with +=.
struct SequenceTotals {
  std::uint64_t received = 0;  ///< different numbers
  /// Of those sent; known once the flow has ended (SequenceTracker::finish()).
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;  ///< further copies of a number; no other count has them
  /// Came behind a higher number (section 3.3: below NextExp). They are among the received.
  std::uint64_t reordered = 0;
  /// The largest of the reordered (section 4.2): the first message with a higher number came
  /// that many arrivals before. Copies are not arrivals.
  std::uint64_t reordering_extent = 0;
  /// Came so late that the tracker no longer knows whether it is a copy: not among the received,
  /// nor among the duplicates. While there are none, all counts are exact.
  std::uint64_t too_late = 0;

  SequenceTotals& operator+=(const SequenceTotals& other) noexcept;
  bool operator==(const SequenceTotals&) const = default;
};

/// Of one flow; one thread, but for totals(). Four bytes a position, all allocated, and touched, at
/// construction.
class SequenceTracker {
 public:
  static constexpr std::size_t kMinPositions = 64;
  static constexpr std::size_t kMaxPositions = std::size_t{1} << 28U;

  /// Knows what has come of the last POSITIONS numbers up to the highest one. That is rounded up to
  /// a power of two within the two limits.
  explicit SequenceTracker(std::size_t positions);

  /// Numbers count from 0. It takes constant time, but for one step a number that is skipped.
  void record(std::uint64_t sequence) noexcept {
    sequence >= next_ ? advance(sequence) : take_late(sequence);
  }

  /// So far; `lost` is 0. Any thread: one count may be a message ahead of another.
  [[nodiscard]] SequenceTotals totals() const noexcept;
  /// The different numbers among them.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_.get(); }
  /// When nothing more can come: SENT numbers, from 0 on, were sent. Of those that came too late,
  /// the first copies count as lost.
  [[nodiscard]] SequenceTotals finish(std::uint64_t sent) const noexcept;

 private:
  /// The next arrival, as `missing_since_` has it: odd, so that 0 is not an arrival; the rest
  /// counts up to 2^31, more than can come while a position is remembered (twice kMaxPositions).
  [[nodiscard]] std::uint32_t mark_of_arrival() const noexcept {
    return static_cast<std::uint32_t>(received_.get()) << 1U | 1U;
  }
  [[nodiscard]] std::uint32_t& position_of(std::uint64_t sequence) noexcept {
    return missing_since_[sequence & (missing_since_.size() - 1)];
  }
  void advance(std::uint64_t sequence) noexcept;
  void take_late(std::uint64_t sequence) noexcept;

  std::uint64_t next_ = 0;  ///< NextExp: the highest number so far and one
  /// By number, a ring: 0 for one that has come, else the arrival that went past it.
  std::vector<std::uint32_t> missing_since_;
  Counter received_, duplicates_, reordered_, reordering_extent_, too_late_;
};

inline void SequenceTracker::advance(std::uint64_t sequence) noexcept {
  const std::uint64_t skipped = std::min(sequence - next_, missing_since_.size() - 1);
  for (std::uint64_t back = skipped; back != 0; --back)
    position_of(sequence - back) = mark_of_arrival();
  position_of(sequence) = 0;
  next_ = sequence + 1;
  received_.add(1);
}

}  // namespace tunrelay
