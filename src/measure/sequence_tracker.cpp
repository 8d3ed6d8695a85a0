#include "measure/sequence_tracker.hpp"

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
    : missing_since_(std::bit_ceil(std::clamp(positions, kFewestPositions, kMostPositions))) {}

void SequenceTracker::take_late(std::uint64_t sequence) noexcept {
  if (next_ - sequence > missing_since_.size()) {
    ++totals_.too_late;
    return;
  }
  std::uint32_t& missing_since = position_of(sequence);
  if (missing_since == 0) {
    ++totals_.duplicates;
    return;
  }
  // Without a sign, so that the difference holds across the counter's end.
  const std::uint32_t extent = (mark_of_arrival() - missing_since) >> 1U;
  totals_.reordering_extent = std::max<std::uint64_t>(totals_.reordering_extent, extent);
  ++totals_.reordered;
  ++totals_.received;
  missing_since = 0;
}

SequenceTotals SequenceTracker::finish(std::uint64_t sent) const noexcept {
  SequenceTotals totals = totals_;
  totals.lost = sent - std::min(sent, totals.received);
  return totals;
}

}  // namespace tunrelay
