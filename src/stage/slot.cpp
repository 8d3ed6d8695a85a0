// SPDX-License-Identifier: MIT
#include "stage/slot.hpp"

#include <algorithm>
#include <utility>

namespace tunrelay {
namespace {

DelayConfig interval_of(const SlotConfig& config) {
  if (config.by_distribution) return config.distribution;
  // The same numbers as a uniform jitter around their middle.
  DelayConfig interval;
  interval.delay_ns = config.min_ns + (config.max_ns - config.min_ns) / 2;
  interval.jitter_ns = (config.max_ns - config.min_ns) / 2;
  return interval;
}

}  // namespace

Slot::Slot(const SlotConfig& config, const ImpairmentKey& key)
    : config_(config), interval_(interval_of(config), key) {}

void Slot::open_next(std::int64_t from_ns) noexcept {
  slot_ns_ = from_ns + interval_.delay_ns(drawn_++);
  packets_left_ = config_.packets != 0 ? config_.packets : UINT64_MAX;
  bytes_left_ = config_.bytes != 0 ? static_cast<std::int64_t>(config_.bytes) : INT64_MAX;
  details_.add(StageDetail::kSlots);
}

void Slot::process(std::span<const Packet> packets, std::int64_t now_ns,
                   StageOutput& output) noexcept {
  for (const Packet& packet : packets) {
    if (!pool_.has_room()) {
      output.drop(packet, DropReason::kQueueMemoryFull);
      continue;
    }
    queued_ += tally_of(packet);
    runs_.push(pool_, packet, now_ns);
  }
  release(now_ns, output);
}

void Slot::release(std::int64_t now_ns, StageOutput& output) noexcept {
  deadline_ns_ = kNoDeadline;
  while (!runs_.empty()) {
    WaitingRun& front = runs_.front(pool_);
    if (slot_ns_ < front.arrival_ns) open_next(front.arrival_ns);
    if (slot_ns_ > now_ns) {
      deadline_ns_ = slot_ns_;
      return;
    }
    let_out(front, output);
  }
}

void Slot::let_out(WaitingRun& front, StageOutput& output) noexcept {
  std::uint16_t segments = 0;
  while (segments != front.packet.run.count() && packets_left_ != 0 && bytes_left_ > 0) {
    bytes_left_ -=
        wire_segment_bytes(front.packet, front.packet.run.first + std::uint32_t{segments});
    --packets_left_;
    ++segments;
  }
  const Packet out = split_front(front.packet, segments, output);
  if (front.packet.run.count() == 0) runs_.pop(pool_);
  queued_ -= tally_of(out);
  output.pass(out);
  if (packets_left_ == 0 || bytes_left_ <= 0) open_next(slot_ns_);
}

void Slot::take_over(Stage& former_stage, std::int64_t /*now_ns*/) noexcept {
  auto& former = same_stage<Slot>(former_stage);
  std::swap(pool_, former.pool_);
  runs_ = former.runs_;
  queued_ = former.queued_;
  slot_ns_ = former.slot_ns_;
  packets_left_ = former.packets_left_;
  bytes_left_ = former.bytes_left_;
  deadline_ns_ = former.deadline_ns_;
  details_ += former.details_;
}

}  // namespace tunrelay
