// SPDX-License-Identifier: MIT
#include "stage/fq_codel.hpp"

#include <algorithm>
#include <utility>

#include "packet/ecn.hpp"
#include "packet/flow.hpp"

namespace tunrelay {
namespace {

// A full queue drops half of the fattest flow, but no more at once than that: the search for it
// is over all flows (Linux: drop_batch_size).
constexpr std::uint32_t kMaxDropsAtOnce = 64;

}  // namespace

FqCodel::FqCodel(const QueueConfig& config, WireSize wire, std::uint64_t seed)
    : LinkQueue({StageDetail::kDroppedFull, StageDetail::kDroppedEarly, StageDetail::kMarked,
                 StageDetail::kOverTarget, StageDetail::kNewFlows}),
      config_(config),
      seed_(seed),
      pool_(run_capacity(config)),
      flows_(config.flows, Flow(config.target_ns, config.interval_ns)),
      backlogs_(config.flows),
      backlog_(wire) {}

std::uint32_t FqCodel::flow_of(const Packet& packet) const noexcept {
  constexpr std::uint64_t kOddMultiplier = 0x9e3779b97f4a7c15;
  // Another seed spreads the flows in another way (RFC 8290, 5.2.1).
  const std::uint64_t hash = (seed_ ^ any_flow_hash(packet)) * kOddMultiplier;
  return static_cast<std::uint32_t>((hash >> 32) * flows_.size() >> 32);
}

void FqCodel::push(FlowList& list, std::uint32_t flow) noexcept {
  (list.first == kNone ? list.first : flows_[list.last].next) = flow;
  list.last = flow;
  flows_[flow].next = kNone;
  flows_[flow].is_listed = true;
}

void FqCodel::pop(FlowList& list) noexcept {
  Flow& flow = flows_[list.first];
  list.first = flow.next;
  flow.is_listed = false;
}

Tally FqCodel::admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept {
  if (!pool_.has_room()) {
    details_.add(StageDetail::kDroppedFull, packet.run.count());
    output.drop(packet, full_reason(pool_));
    return {};
  }
  keep({.packet = packet, .arrival_ns = link.now_ns});
  return tally_of(packet);
}

void FqCodel::keep(const WaitingRun& run) noexcept {
  const std::uint32_t number = flow_of(run.packet);
  Flow& flow = flows_[number];
  flow.runs.push(pool_, run.packet, run.arrival_ns);
  backlogs_[number] += backlog_.count_in_run(run.packet);
  if (flow.is_listed) return;
  flow.deficit_bytes = config_.quantum_bytes;
  push(new_flows_, number);
  details_.add(StageDetail::kNewFlows);
}

WaitingRun& FqCodel::count_out_first(std::uint32_t flow) noexcept {
  WaitingRun& front = flows_[flow].runs.front(pool_);
  const std::uint32_t bytes = wire_segment_bytes(front.packet, front.packet.run.first);
  backlog_.count_out(bytes);
  backlogs_[flow] -= bytes;
  current_ = flow;
  return front;
}

WaitingRun* FqCodel::over_limit(const LinkView& link) noexcept {
  if (drops_left_ == 0 || backlogs_[fattest_] <= drop_until_bytes_) {
    drops_left_ = 0;
    if (!backlog_.is_over(config_, 0, link.bits_per_s)) return nullptr;
    const auto fattest = std::max_element(backlogs_.begin(), backlogs_.end());
    fattest_ = static_cast<std::uint32_t>(fattest - backlogs_.begin());
    drop_until_bytes_ = *fattest / 2;
    drops_left_ = kMaxDropsAtOnce;
  }
  --drops_left_;
  details_.add(StageDetail::kDroppedFull);
  flows_[fattest_].codel.strengthen();
  return &count_out_first(fattest_);
}

std::uint32_t FqCodel::next_flow() noexcept {
  for (;;) {
    const bool is_new = new_flows_.first != kNone;
    FlowList& list = is_new ? new_flows_ : old_flows_;
    const std::uint32_t number = list.first;
    if (number == kNone) return kNone;
    Flow& flow = flows_[number];
    if (flow.deficit_bytes <= 0) {
      flow.deficit_bytes += config_.quantum_bytes;
      pop(list);
      push(old_flows_, number);
    } else if (flow.runs.empty()) {
      flow.codel.on_empty();
      pop(list);
      // Once through the old flows, so that these do not starve of ones that keep beginning.
      if (is_new && old_flows_.first != kNone) push(old_flows_, number);
    } else {
      return number;
    }
  }
}

Departure FqCodel::next(std::int64_t now_ns) noexcept {
  const std::uint32_t number = next_flow();
  if (number == kNone) return {};
  WaitingRun& front = count_out_first(number);
  const std::int64_t waited_ns = now_ns - front.arrival_ns;
  const QueueVerdict verdict = flows_[number].codel.on_departure(
      {.now_ns = now_ns,
       .waited_ns = waited_ns,
       // Of all flows, as in Linux (sch_fq_codel.c): else a flow that has one packet here at a
       // time, which waits for its turn among many, would never lose one.
       .backlog_bytes = backlog_.bytes(),
       .bits_per_s = 0,
       .can_be_marked = config_.ecn && is_ecn_capable(front.packet)});
  count_verdict(details_, verdict);
  if (waited_ns > config_.target_ns) details_.add(StageDetail::kOverTarget);
  if (verdict != QueueVerdict::kDrop)
    flows_[number].deficit_bytes -=
        backlog_.wire().bytes_of(wire_segment_bytes(front.packet, front.packet.run.first));
  return {&front, verdict};
}

void FqCodel::took_first() noexcept {
  RunList& runs = flows_[current_].runs;
  if (runs.front(pool_).packet.run.count() == 0) runs.pop(pool_);
}

void FqCodel::on_idle() noexcept {
  // All flows are empty: they leave the lists.
  if (new_flows_.first != kNone || old_flows_.first != kNone) (void)next_flow();
}

bool FqCodel::take_over_same(LinkQueue& former_queue) noexcept {
  auto* same = dynamic_cast<FqCodel*>(&former_queue);
  if (same == nullptr || flows_.size() != same->flows_.size()) return false;
  FqCodel& former = *same;
  seed_ = former.seed_;
  std::swap(flows_, former.flows_);
  std::swap(backlogs_, former.backlogs_);
  const auto each_list = [this](const auto& visit) {
    for (Flow& flow : flows_) visit(flow.runs);
  };
  take_runs(former.pool_, pool_, each_list);
  backlog_.take_over(former.backlog_, pool_, each_list);
  for (Flow& flow : flows_) flow.codel.change_parameters(config_.target_ns, config_.interval_ns);
  new_flows_ = former.new_flows_;
  old_flows_ = former.old_flows_;
  current_ = former.current_;
  drops_left_ = 0;
  return true;
}

std::optional<WaitingRun> FqCodel::remove_next(RunPool& pool) noexcept {
  const std::uint32_t number = next_flow();
  if (number == kNone) return std::nullopt;
  Flow& flow = flows_[number];
  const WaitingRun run = flow.runs.take_front(pool);
  Backlog on_wire(backlog_.wire());
  on_wire.count_in_run(run.packet);
  flow.deficit_bytes -= static_cast<std::int64_t>(on_wire.wire_bytes());
  return run;
}

}  // namespace tunrelay
