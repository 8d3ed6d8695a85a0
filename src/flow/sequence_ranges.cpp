// SPDX-License-Identifier: MIT
#include "flow/sequence_ranges.hpp"

#include <algorithm>

namespace tunrelay {

bool MissingRanges::overlaps(const SequenceRange& range) const noexcept {
  for (std::size_t at = 0; at < count_; ++at)
    if (ranges_[at].overlaps(range)) return true;
  return false;
}

void MissingRanges::fill(const SequenceRange& range) noexcept {
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
      insert(at + 1, back);
      return;
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
}

void MissingRanges::forget_below(std::uint32_t acknowledged) noexcept {
  while (count_ != 0 && !is_before(acknowledged, ranges_[0].end)) erase(0);
  if (count_ != 0 && is_before(ranges_[0].begin, acknowledged)) ranges_[0].begin = acknowledged;
  if (!is_before(acknowledged, forgotten_.end)) forgotten_ = {};
}

void MissingRanges::erase(std::size_t at) noexcept {
  std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
            ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
            ranges_.begin() + static_cast<std::ptrdiff_t>(at));
  --count_;
}

void MissingRanges::insert(std::size_t at, const SequenceRange& range) noexcept {
  if (count_ == kMaxRanges) {
    forgotten_.extend(ranges_[0]);
    erase(0);
    --at;
  }
  std::copy_backward(ranges_.begin() + static_cast<std::ptrdiff_t>(at),
                     ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
                     ranges_.begin() + static_cast<std::ptrdiff_t>(count_) + 1);
  ranges_[at] = range;
  ++count_;
}

void SentAgainRanges::add(const SequenceRange& range) noexcept {
  // Runs of one burst follow each other.
  SequenceRange& last = ranges_[(next_ + ranges_.size() - 1) % ranges_.size()];
  if (!last.is_empty() && last.end == range.begin) {
    last.end = range.end;
    return;
  }
  if (!ranges_[next_].is_empty()) older_.extend(ranges_[next_]);
  ranges_[next_] = range;
  next_ = (next_ + 1) % ranges_.size();
}

bool SentAgainRanges::overlaps(const SequenceRange& range) const noexcept {
  return older_.overlaps(range) ||
         std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const SequenceRange& known) { return known.overlaps(range); });
}

void SentAgainRanges::forget_below(std::uint32_t acknowledged) noexcept {
  if (!is_before(acknowledged, older_.end)) older_ = {};
}

}  // namespace tunrelay
