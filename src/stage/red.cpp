// SPDX-License-Identifier: MIT
#include "stage/red.hpp"

#include <algorithm>
#include <cmath>

namespace tunrelay {
namespace {

// Adaptive RED, figure 1 and section 5; names are the paper's where it has some.
constexpr double kFirstMaxProbability = 0.02;
constexpr double kTop = 0.5;
constexpr double kBottom = 0.01;
constexpr double kAlpha = 0.01;
constexpr double kBeta = 0.9;
constexpr double kRedPacketBytes = 1000;
constexpr double kMinPackets = 5;
// A pause of so many updates brings the chance to its lowest whatever it was.
constexpr std::int64_t kRedUpdatesToForget = 1024;

}  // namespace

Red::Red(const QueueConfig& config, std::uint64_t seed)
    : config_(config),
      max_probability_(config.probability != 0 ? config.probability : kFirstMaxProbability),
      random_(seed) {}

void Red::follow_rate(std::uint64_t bits_per_s) noexcept {
  if (bits_per_s == bits_per_s_ || bits_per_s == 0) return;
  bits_per_s_ = bits_per_s;
  const double bytes_per_s = static_cast<double>(bits_per_s) / 8;
  packets_per_s_ = bytes_per_s / kRedPacketBytes;
  weight_ = 1 - std::exp(-1 / packets_per_s_);
  const double target_s = static_cast<double>(config_.target_ns) / kNanosecondsPerSecond;
  min_bytes_ = config_.min_bytes != 0
                   ? static_cast<double>(config_.min_bytes)
                   : std::max(kMinPackets * kRedPacketBytes, target_s * bytes_per_s / 2);
  max_bytes_ = config_.max_bytes != 0 ? static_cast<double>(config_.max_bytes) : 3 * min_bytes_;
}

void Red::catch_up(std::int64_t now_ns) noexcept {
  if (config_.probability != 0) return;
  if (next_update_ns_ == 0) next_update_ns_ = now_ns + config_.interval_ns;
  if (now_ns - next_update_ns_ > kRedUpdatesToForget * config_.interval_ns) {
    max_probability_ = kBottom;
    next_update_ns_ = now_ns + config_.interval_ns;
  }
  for (; next_update_ns_ <= now_ns; next_update_ns_ += config_.interval_ns) {
    const double range = max_bytes_ - min_bytes_;
    if (average_bytes_ > min_bytes_ + 0.6 * range && max_probability_ <= kTop)
      max_probability_ += std::min(kAlpha, max_probability_ / 4);
    else if (average_bytes_ < min_bytes_ + 0.4 * range && max_probability_ >= kBottom)
      max_probability_ *= kBeta;
  }
}

void Red::average(const QueueView& view) noexcept {
  if (view.backlog_bytes != 0) {
    average_bytes_ += weight_ * (static_cast<double>(view.backlog_bytes) - average_bytes_);
    return;
  }
  // As if as many small packets had come to the empty queue as the link could have sent.
  const double idle_s =
      static_cast<double>(std::max<std::int64_t>(0, view.now_ns - idle_since_ns_)) /
      kNanosecondsPerSecond;
  average_bytes_ *= std::pow(1 - weight_, idle_s * packets_per_s_);
}

double Red::strike_probability() const noexcept {
  if (average_bytes_ < min_bytes_) return 0;
  if (average_bytes_ < max_bytes_)
    return max_probability_ * (average_bytes_ - min_bytes_) / (max_bytes_ - min_bytes_);
  // "Gentle": from the upper threshold to twice that, up to certainty.
  return std::min(
      1.0, max_probability_ + (1 - max_probability_) * (average_bytes_ - max_bytes_) / max_bytes_);
}

bool Red::is_struck() noexcept {
  const double probability = strike_probability();
  if (probability == 0) {
    unstruck_ = -1;
    return false;
  }
  // Gaps between strikes are spread evenly, not geometrically (RED, section 7).
  ++unstruck_;
  const double spread = 1 - static_cast<double>(unstruck_) * probability;
  const double drawn = static_cast<double>(random_() >> 11) * 0x1p-53;
  if (spread > 0 && drawn >= probability / spread) return false;
  unstruck_ = 0;
  return true;
}

QueueVerdict Red::on_arrival(const QueueView& view) noexcept {
  follow_rate(view.bits_per_s);
  catch_up(view.now_ns);
  average(view);
  if (!is_struck()) return QueueVerdict::kTake;
  // Beyond the upper threshold a mark was not enough (RFC 3168, 7).
  return view.can_be_marked && average_bytes_ < max_bytes_ ? QueueVerdict::kMark
                                                           : QueueVerdict::kDrop;
}

QueueVerdict Red::on_departure(const QueueView& view) noexcept {
  if (view.backlog_bytes == 0) idle_since_ns_ = view.now_ns;
  return QueueVerdict::kTake;
}

}  // namespace tunrelay
