// SPDX-License-Identifier: MIT
#include "stage/bottleneck.hpp"

#include <algorithm>
#include <utility>

#include "packet/ecn.hpp"

namespace tunrelay {
namespace {

// A limit in bytes or time is reached by the smallest packets last; more runs than that are never
// kept. Super-packets take one place each.
constexpr std::size_t kMinRuns = 1024;
constexpr std::size_t kMaxRuns = 65536;

std::size_t capacity_for(const QueueConfig& config) {
  const std::size_t wanted =
      config.limit_unit == QueueLimitUnit::kPackets ? config.limit : kMaxRuns;
  // What is on the link has left the queue, and stands in it still.
  return std::clamp(wanted, kMinRuns, kMaxRuns) + 2;
}

}  // namespace

Bottleneck::Bottleneck(std::unique_ptr<LinkPace> pace, const Settings& settings)
    : pace_(std::move(pace)),
      settings_(settings),
      discipline_(make_queue_discipline(settings.queue, settings.seed)),
      queue_(capacity_for(settings.queue), settings.wire) {}

void Bottleneck::process(std::span<const Packet> packets, std::int64_t now_ns,
                         StageOutput& output) noexcept {
  // First what left the queue before these came, so that they find it as it is now.
  drain(now_ns, output);
  link_is_idle_ = queue_.empty() && pace_->begin(std::max(free_ns_, now_ns)) <= now_ns;
  for (const Packet& packet : packets) admit(packet, now_ns, output);
  drain(now_ns, output);
}

void Bottleneck::release(std::int64_t now_ns, StageOutput& output) noexcept {
  drain(now_ns, output);
}

bool Bottleneck::is_full(std::uint32_t frame_bytes, std::int64_t now_ns) noexcept {
  const QueueConfig& config = settings_.queue;
  switch (config.limit_unit) {
    case QueueLimitUnit::kPackets:
      return queue_.packets() >= config.limit;
    case QueueLimitUnit::kBytes:
      return queue_.bytes() + frame_bytes > config.limit;
    case QueueLimitUnit::kNanoseconds:
      break;
  }
  const std::uint64_t wire_bytes = queue_.wire_bytes() + queue_.wire().bytes_of(frame_bytes);
  const double wait_s =
      static_cast<double>(wire_bytes) * 8 / static_cast<double>(pace_->bits_per_s(now_ns));
  return wait_s * kNanosecondsPerSecond > static_cast<double>(config.limit);
}

QueueVerdict Bottleneck::arrive(const Packet& packet, std::uint16_t segment,
                                std::int64_t now_ns) noexcept {
  if (!queue_.has_room()) return QueueVerdict::kDrop;
  const std::uint32_t bytes = wire_segment_bytes(packet, segment);
  // The first one for an idle link does not wait, whatever the limit is.
  const bool goes_at_once = link_is_idle_ && !is_promised_;
  if (!goes_at_once && is_full(bytes, now_ns)) return QueueVerdict::kDrop;
  const QueueVerdict verdict =
      discipline_->on_arrival({.now_ns = now_ns,
                               .waited_ns = 0,
                               .backlog_bytes = queue_.bytes(),
                               .can_be_marked = settings_.queue.ecn && is_ecn_capable(packet)});
  if (verdict == QueueVerdict::kDrop) return verdict;
  if (goes_at_once)
    is_promised_ = true;
  else
    queue_.count_in(bytes);
  return verdict;
}

void Bottleneck::admit(const Packet& packet, std::int64_t now_ns, StageOutput& output) noexcept {
  const std::uint16_t last = packet.run.last;
  Packet rest = packet;
  QueueVerdict fate = arrive(packet, rest.run.first, now_ns);
  // Neighbouring segments of the same fate wait, or are dropped, together.
  for (auto next = static_cast<std::uint16_t>(rest.run.first + 1); next <= last; ++next) {
    const QueueVerdict next_fate = next == last ? fate : arrive(packet, next, now_ns);
    if (next != last && next_fate == fate) continue;
    Packet run = split_front(rest, static_cast<std::uint64_t>(next - rest.run.first), output);
    run.ce_marked = packet.ce_marked || fate == QueueVerdict::kMark;
    if (fate == QueueVerdict::kDrop) {
      output.drop(run, DropReason::kStage);
    } else {
      queued_ += tally_of(run);
      queue_.push({run, now_ns});
    }
    fate = next_fate;
  }
}

void Bottleneck::drain(std::int64_t now_ns, StageOutput& output) noexcept {
  std::int64_t due_ns = kNoDeadline;
  while (!queue_.empty()) {
    if (!in_service_) {
      const std::int64_t begin_ns = pace_->begin(std::max(free_ns_, queue_.front().arrival_ns));
      due_ns = begin_ns;
      if (begin_ns > now_ns) break;
      if (!begin_service(begin_ns, output)) continue;
    }
    due_ns = free_ns_;
    if (free_ns_ > now_ns) break;
    in_service_ = false;
    take_front(output);
    last_out_ns_ = now_ns;
    due_ns = kNoDeadline;
  }
  if (queue_.empty()) discipline_->on_empty();
  if (is_leaving_) let_out(output, true);
  deadline_ns_ =
      due_ns == kNoDeadline ? kNoDeadline : std::max(due_ns, last_out_ns_ + settings_.gather_ns);
}

bool Bottleneck::begin_service(std::int64_t begin_ns, StageOutput& output) noexcept {
  const WaitingRun& front = queue_.front();
  const std::uint32_t bytes = wire_segment_bytes(front.packet, front.packet.run.first);
  if (!std::exchange(is_promised_, false)) queue_.count_out(bytes);
  const QueueVerdict verdict = discipline_->on_departure(
      {.now_ns = begin_ns,
       .waited_ns = begin_ns - front.arrival_ns,
       .backlog_bytes = queue_.bytes(),
       .can_be_marked = settings_.queue.ecn && is_ecn_capable(front.packet)});
  if (verdict == QueueVerdict::kDrop) {
    drop_front(output);
    return false;
  }
  in_service_ = true;
  mark_in_service_ = verdict == QueueVerdict::kMark;
  free_ns_ = pace_->finish(queue_.wire().bytes_of(bytes), begin_ns);
  return true;
}

void Bottleneck::take_front(StageOutput& output) noexcept {
  Packet& front = queue_.front().packet;
  const bool marked = front.ce_marked || mark_in_service_;
  if (is_leaving_ && leaving_.ce_marked != marked) let_out(output, true);
  if (!is_leaving_) {
    is_leaving_ = true;
    leaving_ = front;
    leaving_.ce_marked = marked;
  }
  leaving_.run.last = ++front.run.first;
  if (front.run.count() != 0) return;
  queue_.pop();
  let_out(output, false);
}

void Bottleneck::drop_front(StageOutput& output) noexcept {
  if (is_leaving_) let_out(output, true);
  Packet& front = queue_.front().packet;
  const Packet dropped = split_front(front, 1, output);
  queued_ -= tally_of(dropped);
  output.drop(dropped, DropReason::kStage);
  if (front.run.count() == 0) queue_.pop();
}

void Bottleneck::let_out(StageOutput& output, bool more_follows) noexcept {
  if (more_follows) output.share(leaving_);
  queued_ -= tally_of(leaving_);
  output.pass(leaving_);
  is_leaving_ = false;
}

}  // namespace tunrelay
