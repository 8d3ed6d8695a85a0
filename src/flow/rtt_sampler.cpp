// SPDX-License-Identifier: MIT
#include "flow/rtt_sampler.hpp"

namespace tunrelay {

void RttSampler::sent(const SequenceRange& range, std::int64_t now_ns) noexcept {
  if (count_ != 0 && range.end - entry(count_ - 1U).range.end < distance_) return;
  if (count_ == kMaxEntries) thin_out();
  entry(count_++) = {range, now_ns};
}

void RttSampler::sent_again(const SequenceRange& range) noexcept {
  for (std::size_t at = 0; at < count_; ++at)
    if (entry(at).range.overlaps(range)) entry(at).sent_ns = kSentAgain;
}

std::optional<std::int64_t> RttSampler::acknowledged(std::uint32_t number,
                                                     std::int64_t now_ns) noexcept {
  std::int64_t sent_ns = kSentAgain;
  while (count_ != 0) {
    Entry& oldest = entry(0);
    if (!is_before(oldest.range.begin, number)) break;
    if (!is_before(oldest.range.end, number)) sent_ns = oldest.sent_ns;
    if (is_before(number, oldest.range.end)) {
      oldest.range.begin = number;
      break;
    }
    first_ = static_cast<std::uint8_t>((first_ + 1U) % kMaxEntries);
    --count_;
  }
  // Less is under way: entries may stand closer again.
  if (count_ < kMaxEntries / 4) distance_ /= 2;
  if (sent_ns == kSentAgain) return std::nullopt;
  return now_ns - sent_ns;
}

void RttSampler::thin_out() noexcept {
  const std::uint32_t spread = entry(kMaxEntries - 1).range.end - entry(0).range.begin;
  distance_ = spread / (kMaxEntries / 2);
  for (std::size_t at = 1; at < kMaxEntries / 2; ++at) entry(at) = entry(2 * at);
  count_ = kMaxEntries / 2;
}

}  // namespace tunrelay
