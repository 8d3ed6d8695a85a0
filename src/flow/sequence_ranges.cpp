// SPDX-License-Identifier: MIT
#include "flow/sequence_ranges.hpp"

#include <algorithm>

namespace tunrelay {

bool MissingRanges::overlaps(const SequenceRange& range) const noexcept {
  for (std::size_t at = 0; at < count_; ++at)
    if (ranges_[at].overlaps(range)) return true;
  return false;
}

bool MissingRanges::add(const SequenceRange& hole) noexcept {
  return insert(count_, hole);
}

bool MissingRanges::fill(const SequenceRange& range) noexcept {
  bool had_room = true;
  for (std::size_t at = 0; at < count_;) {
    SequenceRange& hole = ranges_[at];
    if (!hole.overlaps(range)) {
      ++at;
      continue;
    }
    const bool keeps_front = is_before(hole.begin, range.begin);
    const bool keeps_back = is_before(range.end, hole.end);
    if (keeps_front && keeps_back) {
      const SequenceRange back{range.end, hole.end};
      hole.end = range.begin;
      return insert(at + 1, back);
    }
    if (keeps_front) {
      hole.end = range.begin;
      ++at;
    } else if (keeps_back) {
      hole.begin = range.end;
      ++at;
    } else {
      erase(at);
    }
  }
  return had_room;
}

void MissingRanges::forget_below(std::uint32_t acknowledged) noexcept {
  while (count_ != 0 && !is_before(acknowledged, ranges_[0].end)) erase(0);
  if (count_ != 0 && is_before(ranges_[0].begin, acknowledged)) ranges_[0].begin = acknowledged;
}

void MissingRanges::erase(std::size_t at) noexcept {
  std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
            ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
            ranges_.begin() + static_cast<std::ptrdiff_t>(at));
  --count_;
}

bool MissingRanges::insert(std::size_t at, const SequenceRange& range) noexcept {
  const bool had_room = count_ != kMaxRanges;
  if (!had_room) {
    erase(0);
    --at;
  }
  std::copy_backward(ranges_.begin() + static_cast<std::ptrdiff_t>(at),
                     ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
                     ranges_.begin() + static_cast<std::ptrdiff_t>(count_) + 1);
  ranges_[at] = range;
  ++count_;
  return had_room;
}

}  // namespace tunrelay
