// SPDX-License-Identifier: MIT
#include "stage/link_pace.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/clock.hpp"
#include "base/ensure.hpp"

namespace tunrelay {
namespace {

// A bit is 10^9 tokens, so that a rate in bits a second is one in tokens a nanosecond.
constexpr std::uint64_t kTokensPerBit = 1'000'000'000;
constexpr std::uint64_t kTokensPerByte = 8 * kTokensPerBit;

}  // namespace

RatePace::RatePace(std::vector<Step> steps, std::int64_t period_ns, std::int64_t origin_ns,
                   std::uint64_t burst_bytes)
    : steps_(std::move(steps)),
      period_ns_(period_ns),
      origin_ns_(origin_ns),
      // 2^30 bytes are 8.6 * 10^18 tokens: two such sums still fit.
      most_tokens_(std::min<std::uint64_t>(burst_bytes, 1U << 30U) * kTokensPerByte),
      tokens_(most_tokens_),
      filled_ns_(origin_ns) {
  ensure(!steps_.empty(), "a rate has at least one step");
  ensure(period_ns_ == 0 || period_ns_ > steps_.back().start_ns, "a period holds all steps");
}

RatePace::Level RatePace::level_at(std::int64_t now_ns) const noexcept {
  if (steps_.size() == 1) return {steps_.front().bits_per_s, kNever};
  std::int64_t round_ns = origin_ns_;
  if (period_ns_ != 0 && now_ns > origin_ns_)
    round_ns += (now_ns - origin_ns_) / period_ns_ * period_ns_;
  const auto after = std::upper_bound(
      steps_.begin(), steps_.end(), now_ns - round_ns,
      [](std::int64_t moment_ns, const Step& step) { return moment_ns < step.start_ns; });
  const std::uint64_t rate =
      after == steps_.begin() ? steps_.front().bits_per_s : std::prev(after)->bits_per_s;
  if (after != steps_.end()) return {rate, round_ns + after->start_ns};
  return {rate, period_ns_ == 0 ? kNever : round_ns + period_ns_};
}

void RatePace::fill_bucket(std::int64_t now_ns) noexcept {
  while (filled_ns_ < now_ns) {
    if (tokens_ >= most_tokens_) break;
    const Level level = level_at(filled_ns_);
    const std::int64_t until_ns = std::min(level.until_ns, now_ns);
    const std::uint64_t missing = most_tokens_ - tokens_;
    const auto time = static_cast<std::uint64_t>(until_ns - filled_ns_);
    if (level.bits_per_s != 0 && time >= missing / level.bits_per_s + 1)
      tokens_ = most_tokens_;
    else
      tokens_ += time * level.bits_per_s;
    filled_ns_ = until_ns;
  }
  filled_ns_ = std::max(filled_ns_, now_ns);
}

std::int64_t RatePace::begin(std::int64_t earliest_ns) noexcept {
  // A whole period of steps without a rate is refused where steps are read; a last step of 0
  // without a period is a link that ends.
  for (std::size_t step = 0; step <= 2 * steps_.size(); ++step) {
    const Level level = level_at(earliest_ns);
    if (level.bits_per_s != 0) return earliest_ns;
    if (level.until_ns == kNever) return kNever;
    earliest_ns = level.until_ns;
  }
  return kNever;
}

std::int64_t RatePace::finish(std::uint32_t wire_bytes, std::int64_t begin_ns) noexcept {
  if (begin_ns > filled_ns_) {
    // The link was idle: what rounding had left over of the last packet is gone, as the bucket
    // holds no more than the burst.
    tokens_ = std::min(tokens_, most_tokens_);
    fill_bucket(begin_ns);
  }
  std::uint64_t missing = std::uint64_t{wire_bytes} * kTokensPerByte;
  std::int64_t now_ns = begin_ns;
  if (tokens_ >= missing) {
    tokens_ -= missing;
    return now_ns;
  }
  missing -= tokens_;
  for (std::size_t still = 0; still <= steps_.size();) {
    const Level level = level_at(now_ns);
    if (level.bits_per_s != 0) {
      still = 0;
      const std::uint64_t needed_ns = (missing + level.bits_per_s - 1) / level.bits_per_s;
      const auto left_ns = static_cast<std::uint64_t>(level.until_ns - now_ns);
      if (needed_ns <= left_ns) {
        now_ns += static_cast<std::int64_t>(needed_ns);
        tokens_ = needed_ns * level.bits_per_s - missing;
        filled_ns_ = now_ns;
        return now_ns;
      }
      missing -= left_ns * level.bits_per_s;
    } else {
      ++still;
    }
    if (level.until_ns == kNever) break;
    now_ns = level.until_ns;
  }
  return kNever;
}

std::uint64_t RatePace::bits_per_s(std::int64_t now_ns) noexcept {
  return level_at(now_ns).bits_per_s;
}

std::uint64_t RatePace::offered_bits(std::int64_t from_ns, std::int64_t to_ns) const noexcept {
  // Tokens, a billionth of a bit each, might overflow over hours of a fast link.
  double bits = 0;
  while (from_ns < to_ns) {
    const Level level = level_at(from_ns);
    const std::int64_t until_ns = std::min(level.until_ns, to_ns);
    bits += static_cast<double>(level.bits_per_s) * static_cast<double>(until_ns - from_ns) /
            kNanosecondsPerSecond;
    from_ns = until_ns;
  }
  return static_cast<std::uint64_t>(std::llround(bits));
}

void RatePace::follow(LinkPace& former, std::int64_t now_ns, bool is_idle) noexcept {
  filled_ns_ = now_ns;
  if (!is_idle) {
    tokens_ = 0;
  } else if (auto* const rate = dynamic_cast<RatePace*>(&former)) {
    rate->tokens_ = std::min(rate->tokens_, rate->most_tokens_);
    rate->fill_bucket(now_ns);
    tokens_ = std::min(rate->tokens_, most_tokens_);
  }
}

OpportunityPace::OpportunityPace(std::shared_ptr<const std::vector<std::int64_t>> times_ns,
                                 std::int64_t origin_ns)
    : times_ns_(std::move(times_ns)), origin_ns_(origin_ns), round_ns_(origin_ns) {
  ensure(!times_ns_->empty() && times_ns_->back() > 0, "a delivery trace lasts longer than 0");
}

void OpportunityPace::step() noexcept {
  left_bytes_ = kOpportunityBytes;
  if (++next_ < times_ns_->size()) return;
  next_ = 0;
  round_ns_ += times_ns_->back();
}

void OpportunityPace::seek(std::int64_t earliest_ns) noexcept {
  if (now_ns() >= earliest_ns) return;
  left_bytes_ = kOpportunityBytes;
  const std::int64_t period_ns = times_ns_->back();
  round_ns_ += (earliest_ns - round_ns_) / period_ns * period_ns;
  // A moment that is the end of a round is that of its last opportunity, and of the next round's
  // first ones where they stand at 0: the last one comes first.
  if (round_ns_ == earliest_ns) {
    round_ns_ -= period_ns;
    next_ = 0;
  }
  const auto found =
      std::lower_bound(times_ns_->begin(), times_ns_->end(), earliest_ns - round_ns_);
  next_ = static_cast<std::size_t>(found - times_ns_->begin());
}

std::int64_t OpportunityPace::begin(std::int64_t earliest_ns) noexcept {
  seek(earliest_ns);
  if (left_bytes_ == 0) step();
  return now_ns();
}

std::int64_t OpportunityPace::finish(std::uint32_t wire_bytes, std::int64_t begin_ns) noexcept {
  seek(begin_ns);
  while (wire_bytes > left_bytes_) {
    wire_bytes -= left_bytes_;
    step();
  }
  left_bytes_ -= wire_bytes;
  return now_ns();
}

std::uint64_t OpportunityPace::bits_per_s(std::int64_t /*now_ns*/) noexcept {
  const double opportunities_per_s = static_cast<double>(times_ns_->size()) *
                                     kNanosecondsPerSecond / static_cast<double>(times_ns_->back());
  return static_cast<std::uint64_t>(opportunities_per_s * kOpportunityBytes * 8);
}

std::int64_t OpportunityPace::opportunities_before(std::int64_t time_ns) const noexcept {
  const std::int64_t period_ns = times_ns_->back();
  std::int64_t rounds = (time_ns - origin_ns_) / period_ns;
  if (time_ns - origin_ns_ - rounds * period_ns < 0) --rounds;
  const std::int64_t within_ns = time_ns - origin_ns_ - rounds * period_ns;
  // A round's last opportunities stand at its end, which is the next round's 0.
  const auto found = std::lower_bound(times_ns_->begin(), times_ns_->end(), within_ns);
  std::int64_t count =
      rounds * static_cast<std::int64_t>(times_ns_->size()) + (found - times_ns_->begin());
  if (within_ns == 0 && rounds > 0) {
    const auto last = std::lower_bound(times_ns_->begin(), times_ns_->end(), period_ns);
    count -= times_ns_->end() - last;
  }
  return count;
}

std::uint64_t OpportunityPace::offered_bits(std::int64_t from_ns,
                                            std::int64_t to_ns) const noexcept {
  const std::int64_t count = opportunities_before(std::max(to_ns, origin_ns_)) -
                             opportunities_before(std::max(from_ns, origin_ns_));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0)) * kOpportunityBytes * 8;
}

}  // namespace tunrelay
