// SPDX-License-Identifier: MIT
#include "stage/dual_pi2.hpp"

#include <algorithm>

#include "packet/ecn.hpp"

namespace tunrelay {
namespace {

// RFC 9332, appendix A.1, and dualpi2_reset_default() of Linux.
constexpr double kCoupling = 2;
constexpr double kAlphaPerS = 0.16;
constexpr double kBetaPerS = 3.2;
constexpr std::int64_t kClassicWeight = 10;
constexpr std::int64_t kLowLatencyWeight = 90;
constexpr std::int64_t kMtuBytes = 1514;
constexpr std::int64_t kFirstCredit = kMtuBytes * (kClassicWeight - kLowLatencyWeight);
// With no more than this waiting nothing is marked or dropped by chance.
constexpr std::uint64_t kMinBacklog = 2 * kMtuBytes;
// So many updates with empty queues bring any probability to 0.
constexpr std::int64_t kUpdatesToForgetAll = 1024;

}  // namespace

DualPi2::DualPi2(const QueueConfig& config, WireSize wire, std::uint64_t seed)
    : LinkQueue({StageDetail::kDroppedFull, StageDetail::kDroppedEarly, StageDetail::kMarked,
                 StageDetail::kOverTarget, StageDetail::kLowLatency, StageDetail::kStepMarked}),
      config_(config),
      pool_(run_capacity(config)),
      backlog_(wire),
      credit_(kFirstCredit),
      random_(seed) {}

std::int64_t DualPi2::waited_ns(const RunList& queue, std::int64_t now_ns) const noexcept {
  return queue.empty() ? 0 : now_ns - queue.front(pool_).arrival_ns;
}

void DualPi2::update(std::int64_t now_ns) noexcept {
  const std::int64_t delay_ns =
      std::max(waited_ns(low_latency_, now_ns), waited_ns(classic_, now_ns));
  const double over_s = static_cast<double>(delay_ns - config_.target_ns) / kNanosecondsPerSecond;
  const double change_s = static_cast<double>(delay_ns - last_delay_ns_) / kNanosecondsPerSecond;
  probability_ = std::clamp(probability_ + kAlphaPerS * over_s + kBetaPerS * change_s, 0.0, 1.0);
  last_delay_ns_ = delay_ns;
}

void DualPi2::catch_up(std::int64_t now_ns) noexcept {
  if (next_update_ns_ == 0) next_update_ns_ = now_ns + config_.interval_ns;
  if (empty() && now_ns - next_update_ns_ > kUpdatesToForgetAll * config_.interval_ns) {
    probability_ = 0;
    last_delay_ns_ = 0;
    next_update_ns_ = now_ns + config_.interval_ns;
  }
  // Since the moment before, nothing came and nothing went: the heads are what they were.
  for (; next_update_ns_ <= now_ns; next_update_ns_ += config_.interval_ns) update(next_update_ns_);
}

RunList& DualPi2::queue_of(const Packet& packet) noexcept {
  const bool is_l4s = (ecn_of(packet) & 1) != 0;
  return is_l4s ? low_latency_ : classic_;
}

Tally DualPi2::admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept {
  catch_up(link.now_ns);
  Packet rest = packet;
  // As many as there is room for, from the first on; an idle link takes one whatever the limit is.
  std::uint16_t fitting = 0;
  while (pool_.has_room() && fitting != packet.run.count()) {
    const std::uint32_t bytes =
        wire_segment_bytes(packet, packet.run.first + std::uint32_t{fitting});
    const bool goes_at_once = link.takes_at_once && fitting == 0;
    if (!goes_at_once && backlog_.is_over(config_, bytes, link.bits_per_s)) break;
    backlog_.count_in(bytes);
    ++fitting;
  }
  Tally kept;
  if (fitting != 0) {
    const Packet run = split_front(rest, fitting, output);
    queue_of(packet).push(pool_, run, link.now_ns);
    kept = tally_of(run);
  }
  if (rest.run.count() != 0) {
    details_.add(StageDetail::kDroppedFull, rest.run.count());
    output.drop(rest, full_reason(pool_));
  }
  return kept;
}

bool DualPi2::roll(double probability) noexcept {
  return static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
}

QueueVerdict DualPi2::classic_verdict(const Packet& packet) noexcept {
  if (!roll(probability_) || !roll(probability_)) return QueueVerdict::kTake;
  const bool is_overload = kCoupling * probability_ > 1;
  return is_overload || !is_ecn_capable(packet) ? QueueVerdict::kDrop : QueueVerdict::kMark;
}

QueueVerdict DualPi2::low_latency_verdict(std::int64_t waited) noexcept {
  const bool may_strike = backlog_.bytes() >= kMinBacklog;
  if (may_strike && kCoupling * probability_ > 1)
    return roll(probability_) && roll(probability_) ? QueueVerdict::kDrop : QueueVerdict::kMark;
  if (may_strike && roll(kCoupling * probability_)) return QueueVerdict::kMark;
  if (waited <= config_.step_ns) return QueueVerdict::kTake;
  details_.add(StageDetail::kStepMarked);
  return QueueVerdict::kMark;
}

Departure DualPi2::next(std::int64_t now_ns) noexcept {
  if (empty()) return {};
  catch_up(now_ns);
  const bool is_low_latency = !low_latency_.empty() && (classic_.empty() || credit_ <= 0);
  const bool both_wait = !low_latency_.empty() && !classic_.empty();
  current_ = is_low_latency ? &low_latency_ : &classic_;
  WaitingRun& front = current_->front(pool_);
  const std::uint32_t bytes = wire_segment_bytes(front.packet, front.packet.run.first);
  backlog_.count_out(bytes);
  const std::int64_t waited = now_ns - front.arrival_ns;
  QueueVerdict verdict = QueueVerdict::kTake;
  if (is_low_latency)
    verdict = low_latency_verdict(waited);
  else if (backlog_.bytes() >= kMinBacklog)
    verdict = classic_verdict(front.packet);
  count_verdict(details_, verdict);
  if (waited > (is_low_latency ? config_.step_ns : config_.target_ns))
    details_.add(StageDetail::kOverTarget);
  if (verdict == QueueVerdict::kDrop) return {&front, verdict};
  if (is_low_latency) details_.add(StageDetail::kLowLatency);
  if (both_wait)
    credit_ += (is_low_latency ? kClassicWeight : -kLowLatencyWeight) *
               std::int64_t{backlog_.wire().bytes_of(bytes)};
  return {&front, verdict};
}

void DualPi2::took_first() noexcept {
  if (current_->front(pool_).packet.run.count() == 0) current_->pop(pool_);
}

void DualPi2::on_idle() noexcept {
  credit_ = kFirstCredit;
}

bool DualPi2::take_over_same(LinkQueue& former_queue) noexcept {
  auto* same = dynamic_cast<DualPi2*>(&former_queue);
  if (same == nullptr) return false;
  DualPi2& former = *same;
  low_latency_ = former.low_latency_;
  classic_ = former.classic_;
  const auto each_list = [this](const auto& visit) {
    visit(low_latency_);
    visit(classic_);
  };
  take_runs(former.pool_, pool_, each_list);
  backlog_.take_over(former.backlog_, pool_, each_list);
  current_ = former.current_ == &former.low_latency_ ? &low_latency_ : &classic_;
  credit_ = former.credit_;
  probability_ = former.probability_;
  last_delay_ns_ = former.last_delay_ns_;
  next_update_ns_ = former.next_update_ns_;
  random_ = former.random_;
  return true;
}

std::optional<WaitingRun> DualPi2::remove_next(RunPool& pool) noexcept {
  if (empty()) return std::nullopt;
  // The one that has waited for longer.
  const bool is_low_latency =
      classic_.empty() || (!low_latency_.empty() &&
                           low_latency_.front(pool).arrival_ns < classic_.front(pool).arrival_ns);
  return (is_low_latency ? low_latency_ : classic_).take_front(pool);
}

void DualPi2::keep(const WaitingRun& run) noexcept {
  queue_of(run.packet).push(pool_, run.packet, run.arrival_ns);
  backlog_.count_in_run(run.packet);
}

}  // namespace tunrelay
