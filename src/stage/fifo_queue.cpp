// SPDX-License-Identifier: MIT
#include "stage/fifo_queue.hpp"

#include <utility>

#include "packet/ecn.hpp"

namespace tunrelay {

FifoQueue::FifoQueue(const QueueConfig& config, WireSize wire, std::uint64_t seed)
    : LinkQueue({StageDetail::kDroppedFull}),
      config_(config),
      discipline_(make_queue_discipline(config, seed)),
      target_ns_(config.target_ns),
      pool_(run_capacity(config)),
      backlog_(wire) {
  if (target_ns_ != 0)
    details_ += {StageDetail::kDroppedEarly, StageDetail::kMarked, StageDetail::kOverTarget};
}

bool FifoQueue::is_full(std::uint32_t frame_bytes, const LinkView& link) const noexcept {
  return config_.kind != QueueKind::kDropHead && config_.kind != QueueKind::kInfinite &&
         backlog_.is_over(config_, frame_bytes, link.bits_per_s);
}

WaitingRun* FifoQueue::over_limit(const LinkView& link) noexcept {
  if (config_.kind != QueueKind::kDropHead || runs_.empty() ||
      !backlog_.is_over(config_, 0, link.bits_per_s))
    return nullptr;
  WaitingRun& front = runs_.front(pool_);
  backlog_.count_out(wire_segment_bytes(front.packet, front.packet.run.first));
  details_.add(StageDetail::kDroppedFull);
  return &front;
}

QueueVerdict FifoQueue::arrive(const Packet& packet, std::uint16_t segment,
                               const LinkView& link) noexcept {
  const std::uint32_t bytes = wire_segment_bytes(packet, segment);
  // The first one for an idle link does not wait, whatever the limit is.
  const bool goes_at_once = link.takes_at_once && runs_.empty() && !is_promised_;
  if (!pool_.has_room() || (!goes_at_once && is_full(bytes, link))) {
    details_.add(StageDetail::kDroppedFull);
    return QueueVerdict::kRefuse;
  }
  const QueueVerdict verdict =
      discipline_->on_arrival({.now_ns = link.now_ns,
                               .waited_ns = 0,
                               .backlog_bytes = backlog_.bytes(),
                               .bits_per_s = link.bits_per_s,
                               .can_be_marked = config_.ecn && is_ecn_capable(packet)});
  count_verdict(details_, verdict);
  if (verdict == QueueVerdict::kDrop) return verdict;
  if (goes_at_once)
    is_promised_ = true;
  else
    backlog_.count_in(bytes);
  return verdict;
}

Tally FifoQueue::admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept {
  Tally kept;
  cut_by_fate(
      packet, output, [&](std::uint16_t segment) { return arrive(packet, segment, link); },
      [&](Packet run, QueueVerdict fate) {
        if (fate == QueueVerdict::kRefuse) return output.drop(run, full_reason(pool_));
        if (fate == QueueVerdict::kDrop) return output.drop(run, DropReason::kAqm);
        if (fate == QueueVerdict::kMark) mark_congestion(run);
        kept += tally_of(run);
        runs_.push(pool_, run, link.now_ns);
      });
  return kept;
}

Departure FifoQueue::next(std::int64_t now_ns) noexcept {
  if (runs_.empty()) return {};
  WaitingRun& front = runs_.front(pool_);
  const std::int64_t waited_ns = now_ns - front.arrival_ns;
  if (!std::exchange(is_promised_, false))
    backlog_.count_out(wire_segment_bytes(front.packet, front.packet.run.first));
  const QueueVerdict verdict =
      discipline_->on_departure({.now_ns = now_ns,
                                 .waited_ns = waited_ns,
                                 .backlog_bytes = backlog_.bytes(),
                                 .can_be_marked = config_.ecn && is_ecn_capable(front.packet)});
  count_verdict(details_, verdict);
  if (target_ns_ != 0 && waited_ns > target_ns_) details_.add(StageDetail::kOverTarget);
  return {&front, verdict};
}

void FifoQueue::took_first() noexcept {
  if (runs_.front(pool_).packet.run.count() == 0) runs_.pop(pool_);
}

bool FifoQueue::take_over_same(LinkQueue& former_queue) noexcept {
  auto* same = dynamic_cast<FifoQueue*>(&former_queue);
  if (same == nullptr) return false;
  FifoQueue& former = *same;
  runs_ = former.runs_;
  const auto each_list = [this](const auto& visit) { visit(runs_); };
  take_runs(former.pool_, pool_, each_list);
  is_promised_ = former.is_promised_;
  backlog_.take_over(former.backlog_, pool_, each_list);
  // A promised segment is not counted.
  if (is_promised_ && !(backlog_.wire() == former.backlog_.wire()))
    backlog_.leave_out(runs_.front(pool_).packet);
  if (has_same_rules(config_, former.config_)) std::swap(discipline_, former.discipline_);
  return true;
}

std::optional<WaitingRun> FifoQueue::remove_next(RunPool& pool) noexcept {
  if (runs_.empty()) return std::nullopt;
  return runs_.take_front(pool);
}

void FifoQueue::keep(const WaitingRun& run) noexcept {
  runs_.push(pool_, run.packet, run.arrival_ns);
  backlog_.count_in_run(run.packet);
}

}  // namespace tunrelay
