// SPDX-License-Identifier: MIT
#include "stage/bottleneck.hpp"

#include <algorithm>
#include <utility>

#include "packet/ecn.hpp"

namespace tunrelay {

Bottleneck::Bottleneck(std::unique_ptr<LinkPace> pace, const Settings& settings)
    : pace_(std::move(pace)),
      wire_(settings.wire),
      gather_ns_(settings.gather_ns),
      queue_(make_link_queue(settings.queue, settings.wire, settings.seed)) {
  leaving_.packet.run = {0, 0};
}

LinkView Bottleneck::view(std::int64_t now_ns) noexcept {
  return {.now_ns = now_ns,
          .bits_per_s = pace_->bits_per_s(now_ns),
          .takes_at_once =
              !is_busy_ && queue_->empty() && pace_->begin(std::max(free_ns_, now_ns)) <= now_ns};
}

void Bottleneck::process(std::span<const Packet> packets, std::int64_t now_ns,
                         StageOutput& output) noexcept {
  // First what left the queue before these came, so that they find it as it is now.
  drain(now_ns, output);
  for (const Packet& packet : packets) {
    const LinkView link = view(now_ns);
    arrival_ns_ = now_ns;
    queued_ += queue_->admit(packet, link, output);
    // What the link takes at once does not wait.
    if (link.takes_at_once) drain(now_ns, output);
    while (WaitingRun* waiting = queue_->over_limit(link))
      drop_first(*waiting, DropReason::kQueueFull, output);
  }
  drain(now_ns, output);
}

void Bottleneck::release(std::int64_t now_ns, StageOutput& output) noexcept {
  drain(now_ns, output);
}

std::int64_t Bottleneck::latest_release_ns() const noexcept {
  if (!is_busy_ || deadline_ns_ == kNoDeadline) return deadline_ns_;
  constexpr std::int64_t kShareOfWait = 16;
  constexpr std::int64_t kMaxSlackNs = kNanosecondsPerMillisecond;
  const std::int64_t slack_ns = std::min(waited_ns_ / kShareOfWait, kMaxSlackNs);
  // On a slower link nothing would gather.
  const bool gathers = slack_ns >= 2 * (free_ns_ - on_link_since_ns_);
  return gathers ? deadline_ns_ + slack_ns : deadline_ns_;
}

void Bottleneck::drain(std::int64_t now_ns, StageOutput& output) noexcept {
  deadline_ns_ = kNoDeadline;
  for (;;) {
    if (is_busy_ && free_ns_ > now_ns) {
      deadline_ns_ = free_ns_;
      break;
    }
    if (is_busy_) last_out_ns_ = now_ns;
    is_busy_ = false;
    if (queue_->empty()) {
      queue_->on_idle();
      break;
    }
    // A link that was idle has been so until the last packets came, since when nothing waited.
    const std::int64_t begin_ns = pace_->begin(std::max(free_ns_, arrival_ns_));
    if (begin_ns > now_ns) {
      deadline_ns_ = begin_ns;
      break;
    }
    const Departure departure = queue_->next(begin_ns);
    if (departure.verdict == QueueVerdict::kDrop)
      drop_first(*departure.run, DropReason::kAqm, output);
    else
      begin_service(departure, begin_ns, output);
  }
  let_out(static_cast<std::uint16_t>(leaving_.packet.run.count() - (is_busy_ ? 1 : 0)), output);
  if (deadline_ns_ != kNoDeadline) deadline_ns_ = std::max(deadline_ns_, last_out_ns_ + gather_ns_);
}

void Bottleneck::begin_service(const Departure& departure, std::int64_t begin_ns,
                               StageOutput& output) noexcept {
  Packet& waiting = departure.run->packet;
  waited_ns_ = begin_ns - departure.run->arrival_ns;
  Packet next = waiting;
  if (departure.verdict == QueueVerdict::kMark) mark_congestion(next);
  if (!leaving_.continues_with(next)) {
    let_out(leaving_.packet.run.count(), output);
    leaving_.packet = next;
  }
  const std::uint32_t bytes = wire_segment_bytes(waiting, waiting.run.first);
  leaving_.packet.run.last = ++waiting.run.first;
  leaving_.borrows = waiting.run.count() != 0;
  queue_->took_first();
  is_busy_ = true;
  on_link_bytes_ = wire_.bytes_of(bytes);
  on_link_since_ns_ = begin_ns;
  free_ns_ = pace_->finish(on_link_bytes_, begin_ns);
}

void Bottleneck::drop_first(WaitingRun& waiting, DropReason reason, StageOutput& output) noexcept {
  // The run may end here, and what left before it must not lose its buffer.
  if (leaving_.borrows && leaving_.packet.buffer == waiting.packet.buffer) {
    if (leaving_.packet.run.count() != 0) output.share(leaving_.packet);
    leaving_.borrows = false;
  }
  const Packet dropped = split_front(waiting.packet, 1, output);
  queue_->took_first();
  queued_ -= tally_of(dropped);
  output.drop(dropped, reason);
}

void Bottleneck::let_out(std::uint16_t segments, StageOutput& output) noexcept {
  if (segments == 0) return;
  Packet out = leaving_.packet;
  out.run.last = static_cast<std::uint16_t>(out.run.first + segments);
  leaving_.packet.run.first = out.run.last;
  if (leaving_.borrows || leaving_.packet.run.count() != 0) output.share(out);
  queued_ -= tally_of(out);
  output.pass(out);
}

std::uint32_t Bottleneck::left_bytes(std::int64_t now_ns) const noexcept {
  // A link that stands still has no moment at which the segment would be through.
  const std::uint64_t all_bits = std::uint64_t{on_link_bytes_} * 8;
  const std::uint64_t left_bits =
      free_ns_ == LinkPace::kNever
          ? all_bits - std::min(all_bits, pace_->offered_bits(on_link_since_ns_, now_ns))
          : std::min(all_bits, pace_->offered_bits(now_ns, free_ns_));
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (left_bits + 7) / 8));
}

void Bottleneck::take_over(Stage& former_stage, std::int64_t now_ns) noexcept {
  auto& former = same_stage<Bottleneck>(former_stage);
  queue_->take_over(*former.queue_);
  leaving_ = former.leaving_;
  is_busy_ = former.is_busy_;
  on_link_bytes_ = former.on_link_bytes_;
  on_link_since_ns_ = former.on_link_since_ns_;
  arrival_ns_ = former.arrival_ns_;
  free_ns_ = former.free_ns_;
  waited_ns_ = former.waited_ns_;
  last_out_ns_ = former.last_out_ns_;
  queued_ = former.queued_;
  const bool is_under_way = is_busy_ && free_ns_ > now_ns;
  pace_->follow(*former.pace_, now_ns, !is_under_way && queue_->empty());
  if (is_under_way) {
    on_link_bytes_ = former.left_bytes(now_ns);
    on_link_since_ns_ = now_ns;
    const std::int64_t begin_ns = pace_->begin(now_ns);
    free_ns_ = begin_ns == LinkPace::kNever ? begin_ns : pace_->finish(on_link_bytes_, begin_ns);
  } else if (!queue_->empty() && former.pace_->begin(std::max(free_ns_, arrival_ns_)) > now_ns) {
    free_ns_ = std::max(free_ns_, now_ns);  // it stood still until now
  }
  if (is_busy_)
    deadline_ns_ = free_ns_;
  else
    deadline_ns_ = queue_->empty() ? kNoDeadline : now_ns;
  if (deadline_ns_ != kNoDeadline) deadline_ns_ = std::max(deadline_ns_, last_out_ns_ + gather_ns_);
}

}  // namespace tunrelay
