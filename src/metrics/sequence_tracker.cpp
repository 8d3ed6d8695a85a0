// SPDX-License-Identifier: MIT
#include "metrics/sequence_tracker.hpp"

#include <bit>

namespace tunrelay {

SequenceTotals& SequenceTotals::operator+=(const SequenceTotals& other) noexcept {
  received += other.received;
  lost += other.lost;
  duplicates += other.duplicates;
  reordered += other.reordered;
  reordering_extent = std::max(reordering_extent, other.reordering_extent);
  too_late += other.too_late;
  return *this;
}

SequenceTracker::SequenceTracker(std::size_t positions)
    : missing_since_(std::bit_ceil(std::clamp(positions, kMinPositions, kMaxPositions))) {}

void SequenceTracker::take_late(std::uint64_t sequence) noexcept {
  if (next_ - sequence > missing_since_.size()) {
    too_late_.add(1);
    return;
  }
  std::uint32_t& missing_since = position_of(sequence);
  if (missing_since == 0) {
    duplicates_.add(1);
    return;
  }
  // Without a sign, so that the difference holds across the counter's end.
  const std::uint32_t extent = (mark_of_arrival() - missing_since) >> 1U;
  reordering_extent_.set(std::max<std::uint64_t>(reordering_extent_.get(), extent));
  reordered_.add(1);
  received_.add(1);
  missing_since = 0;
}

SequenceTotals SequenceTracker::totals() const noexcept {
  return {.received = received_.get(),
          .lost = 0,
          .duplicates = duplicates_.get(),
          .reordered = reordered_.get(),
          .reordering_extent = reordering_extent_.get(),
          .too_late = too_late_.get()};
}

SequenceTotals SequenceTracker::finish(std::uint64_t sent) const noexcept {
  SequenceTotals totals = this->totals();
  totals.lost = sent - std::min(sent, totals.received);
  return totals;
}

}  // namespace tunrelay
