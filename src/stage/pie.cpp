// SPDX-License-Identifier: MIT
#include "stage/pie.hpp"

#include <algorithm>
#include <array>

namespace tunrelay {
namespace {

// RFC 8033, 4.2 and appendix A; the names are the RFC's.
constexpr std::int64_t kMaxBurstNs = 150 * kNanosecondsPerMillisecond;
constexpr std::uint64_t kMeanPacketBytes = 1024;
constexpr double kAlphaPerSecond = 1.0 / 8;
constexpr double kBetaPerSecond = 1.0 + 1.0 / 4;
// Beyond this chance a packet that can be marked is dropped all the same (5.1, MARK_ECNTH).
constexpr double kMaxMarked = 0.1;
constexpr double kMaxStep = 0.02;
constexpr std::int64_t kFarTooLongNs = 250 * kNanosecondsPerMillisecond;
// A pause of so many updates brings the chance to 0 whatever it was.
constexpr std::int64_t kUpdatesToForget = 1024;

}  // namespace

Pie::Pie(std::int64_t target_ns, std::int64_t update_ns, std::uint64_t seed)
    : target_ns_(target_ns),
      update_ns_(update_ns),
      burst_allowance_ns_(kMaxBurstNs),
      random_(seed) {}

void Pie::update() noexcept {
  const double delay_s = static_cast<double>(delay_ns_) / kNanosecondsPerSecond;
  const double target_s = static_cast<double>(target_ns_) / kNanosecondsPerSecond;
  const double old_s = static_cast<double>(old_delay_ns_) / kNanosecondsPerSecond;
  double change = kAlphaPerSecond * (delay_s - target_s) + kBetaPerSecond * (delay_s - old_s);
  // While the chance is small its steps are small too (4.2).
  struct Scale {
    double below;
    double divisor;
  };
  constexpr std::array<Scale, 6> kScales{
      {{0.000001, 2048}, {0.00001, 512}, {0.0001, 128}, {0.001, 32}, {0.01, 8}, {0.1, 2}}};
  const auto* const scale = std::find_if(kScales.begin(), kScales.end(), [this](const Scale& one) {
    return probability_ < one.below;
  });
  if (scale != kScales.end()) change /= scale->divisor;
  // 5.5, cap drop adjustment.
  if (probability_ >= 0.1) change = std::min(change, kMaxStep);
  // Not in the RFC; as Linux has it (sch_pie.c), from experiments.
  if (delay_ns_ > kFarTooLongNs) change += kMaxStep;
  probability_ += change;
  if (delay_ns_ == 0 && old_delay_ns_ == 0) probability_ *= 0.98;
  probability_ = std::clamp(probability_, 0.0, 1.0);
  burst_allowance_ns_ = std::max<std::int64_t>(0, burst_allowance_ns_ - update_ns_);
  if (probability_ == 0 && delay_ns_ < target_ns_ / 2 && old_delay_ns_ < target_ns_ / 2)
    burst_allowance_ns_ = kMaxBurstNs;
  old_delay_ns_ = delay_ns_;
}

void Pie::catch_up(std::int64_t now_ns) noexcept {
  if (next_update_ns_ == 0 || now_ns - next_update_ns_ > kUpdatesToForget * update_ns_) {
    if (next_update_ns_ != 0) {
      probability_ = accumulated_ = 0;
      delay_ns_ = old_delay_ns_ = 0;
      burst_allowance_ns_ = kMaxBurstNs;
    }
    next_update_ns_ = now_ns + update_ns_;
    return;
  }
  for (; next_update_ns_ <= now_ns; next_update_ns_ += update_ns_) update();
}

bool Pie::is_struck(const QueueView& view) noexcept {
  if (burst_allowance_ns_ > 0) return false;
  if (old_delay_ns_ < target_ns_ / 2 && probability_ < 0.2) return false;
  if (view.backlog_bytes <= 2 * kMeanPacketBytes) return false;
  // 5.4, de-randomisation: drops come neither in a row nor too late.
  if (probability_ == 0) accumulated_ = 0;
  accumulated_ += probability_;
  if (accumulated_ < 0.85) return false;
  const double drawn = static_cast<double>(random_() >> 11) * 0x1p-53;
  if (accumulated_ < 8.5 && drawn >= probability_) return false;
  accumulated_ = 0;
  return true;
}

QueueVerdict Pie::on_arrival(const QueueView& view) noexcept {
  catch_up(view.now_ns);
  if (!is_struck(view)) return QueueVerdict::kTake;
  return view.can_be_marked && probability_ <= kMaxMarked ? QueueVerdict::kMark
                                                          : QueueVerdict::kDrop;
}

QueueVerdict Pie::on_departure(const QueueView& view) noexcept {
  catch_up(view.now_ns);
  delay_ns_ = view.waited_ns;
  return QueueVerdict::kTake;
}

}  // namespace tunrelay
