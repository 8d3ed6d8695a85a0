// SPDX-License-Identifier: MIT
#include "flow/tcp_analysis.hpp"

#include <algorithm>

namespace tunrelay {
namespace {

bool is_keep_alive(const TcpRun& run, std::uint32_t next) noexcept {
  return run.payload_bytes <= 1 && !run.has(tcp::kSyn | tcp::kFin | tcp::kRst) &&
         run.sequence == next - 1;
}

/// Whether the first block reports data that had come twice: it lies below the acknowledgement or
/// within the second block (RFC 2883, section 4).
bool reports_duplicate(const TcpRun& run) noexcept {
  if (run.options.sack_block_count == 0) return false;
  const SackBlock& first = run.options.sack_blocks[0];
  if (!is_before(run.acknowledgement, first.end)) return true;
  const SackBlock& second = run.options.sack_blocks[1];
  return run.options.sack_block_count > 1 && !is_before(first.begin, second.begin) &&
         !is_before(second.end, first.end);
}

/// The parts of an advance that are no payload.
std::uint32_t payload_of(std::uint32_t advance, bool passes_syn, bool passes_fin) noexcept {
  const std::uint32_t others = (passes_syn ? 1U : 0U) + (passes_fin ? 1U : 0U);
  return advance - std::min(advance, others);
}

}  // namespace

void TcpAnalysis::TimestampProbe::sent(const TcpRun& run, std::int64_t now_ns) noexcept {
  if (!run.options.timestamps) return;
  const std::uint32_t value = run.options.timestamps->value;
  // The first segment with a value alone: a later one's echo may be that of the first.
  const bool is_new = !newest || is_before(*newest, value);
  if (!is_new) return;
  newest = value;
  if (!waits) waits = true, waiting = value, sent_ns = now_ns;
}

void TcpAnalysis::TimestampProbe::echoed(const TcpRun& run, std::int64_t now_ns,
                                         RttSummary& summary) noexcept {
  if (!run.options.timestamps || !waits || !run.has(tcp::kAck)) return;
  const std::uint32_t echo = run.options.timestamps->echo;
  if (is_before(echo, waiting)) return;
  if (echo == waiting) summary.record(now_ns - sent_ns, 1);
  waits = false;
}

bool TcpAnalysis::is_of_next_connection(const TcpRun& run, Direction direction) const noexcept {
  const Half& half = halves_[index_of(direction)];
  return run.has(tcp::kSyn) && !run.has(tcp::kAck) && half.has_syn &&
         run.sequence != half.syn_sequence;
}

void TcpAnalysis::arrived(const TcpRun& run, Direction direction, std::int64_t now_ns,
                          FlowCounters& counters) noexcept {
  const std::size_t index = index_of(direction);
  Half& half = halves_[index];
  Half& other = halves_[1 - index];
  TcpCounters& sent = counters.directions[index].tcp;
  FlowDirectionCounters& answered = counters.directions[1 - index];
  if (run.has(tcp::kSyn)) take_syn(run, direction, now_ns, counters);
  count_flags(run, sent);
  half.at_source.timestamps.sent(run, now_ns);
  other.at_target.timestamps.echoed(run, now_ns, answered.tcp.timestamp_rtt_at_target);
  take_data_at_source(run, now_ns, half, sent);
  if (run.has(tcp::kAck) && !run.has(tcp::kRst)) {
    if (is_duplicate_ack(run, other.at_target, half.window)) sent.duplicate_acks.add(1);
    take_ack(run, now_ns, other.at_target, answered.rtt_at_target);
    other.missing.forget_below(run.acknowledgement);
    other.sent_again.forget_below(run.acknowledgement);
    if (!run.has(tcp::kSyn) && has_syn_ack_left_ && counters.handshake_rtt_ns.get() == 0 &&
        counters.initiator.get() == index)
      counters.handshake_rtt_ns.set(static_cast<std::uint64_t>(now_ns - syn_ns_));
  }
  half.window = run.window;
}

void TcpAnalysis::left(const TcpRun& run, Direction direction, std::int64_t now_ns,
                       FlowCounters& counters) noexcept {
  const std::size_t index = index_of(direction);
  Half& half = halves_[index];
  Half& other = halves_[1 - index];
  FlowDirectionCounters& answered = counters.directions[1 - index];
  half.at_target.timestamps.sent(run, now_ns);
  other.at_source.timestamps.echoed(run, now_ns, answered.tcp.timestamp_rtt_at_source);
  take_data_at_target(run, now_ns, half, counters.directions[index].tcp);
  if (!run.has(tcp::kAck) || run.has(tcp::kRst)) return;
  if (run.has(tcp::kSyn) && syn_ns_ != 0) has_syn_ack_left_ = true;
  View& view = other.at_source;
  const std::uint32_t before = view.acknowledged;
  const std::uint32_t advance = take_ack(run, now_ns, view, answered.rtt_at_source);
  if (advance != 0)
    answered.tcp.acknowledged_bytes.add(
        payload_of(advance, other.has_syn && before == other.syn_sequence,
                   other.has_fin && view.acknowledged == other.fin_sequence + 1));
  if (view.has_data) answered.tcp.bytes_in_flight.set(view.next - view.acknowledged);
}

void TcpAnalysis::take_syn(const TcpRun& run, Direction direction, std::int64_t now_ns,
                           FlowCounters& counters) noexcept {
  Half& half = halves_[index_of(direction)];
  TcpCounters& sent = counters.directions[index_of(direction)].tcp;
  half.has_syn = true;
  half.syn_sequence = run.sequence;
  if (!run.has(tcp::kAck)) {
    syn_ns_ = now_ns;
    counters.initiator.set(index_of(direction));
  }
  sent.mss_bytes.set(run.options.mss_bytes.value_or(0));
  sent.window_scale.set(run.options.window_scale ? *run.options.window_scale + 1U : 0U);
  sent.sack_permitted.set(run.options.sack_permitted ? 1 : 0);
  sent.timestamps.set(run.options.timestamps ? 1 : 0);
  sent.ecn_requested.set(run.has(tcp::kEce) ? 1 : 0);
}

void TcpAnalysis::count_flags(const TcpRun& run, TcpCounters& counters) noexcept {
  const bool is_syn = run.has(tcp::kSyn);
  const bool is_reset = run.has(tcp::kRst);
  if (is_syn) counters.syns.add(1);
  if (run.has(tcp::kFin)) counters.fins.add(1);
  if (is_reset) counters.resets.add(1);
  if (is_syn || is_reset) return;
  if (run.has(tcp::kEce)) counters.ece_segments.add(run.segments());
  if (run.has(tcp::kCwr)) counters.cwr_segments.add(1);
  if (run.window == 0 && !run.has(tcp::kFin)) counters.zero_windows.add(run.segments());
  if (run.options.sack_block_count != 0) {
    counters.sack_acks.add(1);
    if (reports_duplicate(run)) counters.dsack_acks.add(1);
  }
}

void TcpAnalysis::View::begin_at(std::uint32_t sequence) noexcept {
  if (has_data) return;
  has_data = true;
  next = sequence;
  if (!has_ack) acknowledged = sequence;
  has_ack = true;
}

void TcpAnalysis::take_data_at_source(const TcpRun& run, std::int64_t now_ns, Half& half,
                                      TcpCounters& counters) noexcept {
  const SequenceRange range = run.range();
  View& view = half.at_source;
  view.begin_at(range.begin);
  if (is_keep_alive(run, view.next)) return counters.keep_alives.add(1);
  if (range.begin == range.end || run.has(tcp::kRst)) return;
  if (run.has(tcp::kFin)) {
    half.has_fin = true;
    half.fin_sequence = range.end - 1;
  }
  if (is_before(range.begin, view.next)) {
    const SequenceRange again{range.begin, earlier_of(range.end, view.next)};
    for (std::uint32_t segment = 0; segment < run.segments(); ++segment) {
      const SequenceRange part = run.segment_range(segment);
      if (!is_before(part.begin, view.next)) break;
      counters.retransmitted_segments.add(1);
      if (run.payload_bytes != 0 && !is_before(view.acknowledged, part.end))
        counters.spurious_segments.add(1);
    }
    counters.retransmitted_bytes.add(std::min(again.end - again.begin, run.payload_bytes));
    view.sampler.sent_again(again);
    half.sent_again.add(again);
  }
  if (is_before(view.next, range.end)) {
    view.sampler.sent({later_of(range.begin, view.next), range.end}, now_ns);
    view.next = range.end;
  }
  const std::uint32_t in_flight = view.next - view.acknowledged;
  counters.bytes_in_flight.set(in_flight);
  counters.bytes_in_flight_peak.raise(in_flight);
}

void TcpAnalysis::take_data_at_target(const TcpRun& run, std::int64_t now_ns, Half& half,
                                      TcpCounters& counters) noexcept {
  const SequenceRange range = run.range();
  View& view = half.at_target;
  view.begin_at(range.begin);
  if (range.begin == range.end || run.has(tcp::kRst) || is_keep_alive(run, view.next)) return;
  if (is_before(range.begin, view.next)) {
    take_late_at_target(run, half, counters);
    view.sampler.sent_again({range.begin, earlier_of(range.end, view.next)});
  }
  if (!is_before(view.next, range.end)) return;
  if (is_before(view.next, range.begin)) half.missing.add({view.next, range.begin});
  view.sampler.sent({later_of(range.begin, view.next), range.end}, now_ns);
  view.next = range.end;
}

void TcpAnalysis::take_late_at_target(const TcpRun& run, Half& half,
                                      TcpCounters& counters) noexcept {
  const std::uint32_t next = half.at_target.next;
  for (std::uint32_t segment = 0; segment < run.segments(); ++segment) {
    SequenceRange part = run.segment_range(segment);
    if (!is_before(part.begin, next)) break;
    part.end = earlier_of(part.end, next);
    if (half.missing.overlaps(part)) {
      if (!half.sent_again.overlaps(part)) counters.out_of_order_segments.add(1);
      half.missing.fill(part);
    } else if (half.missing.may_overlap_forgotten(part)) {
      counters.unclassified_segments.add(1);
    } else {
      counters.duplicate_segments.add(1);
    }
  }
}

bool TcpAnalysis::is_duplicate_ack(const TcpRun& run, const View& view,
                                   std::uint16_t window) noexcept {
  return run.payload_bytes == 0 && !run.has(tcp::kSyn | tcp::kFin) && view.has_ack &&
         view.has_data && run.acknowledgement == view.acknowledged &&
         is_before(view.acknowledged, view.next) &&
         (run.window == window || run.options.sack_block_count != 0);
}

std::uint32_t TcpAnalysis::take_ack(const TcpRun& run, std::int64_t now_ns, View& view,
                                    RttSeries& series) noexcept {
  if (!view.has_ack) {
    view.has_ack = true;
    view.acknowledged = run.acknowledgement;
    return 0;
  }
  if (!is_before(view.acknowledged, run.acknowledgement)) {
    // Whatever it is for, the next one need not be the answer to the newest segment.
    view.has_hole = view.has_hole || is_duplicate_ack(run, view, run.window);
    return 0;
  }
  const std::uint32_t advance = run.acknowledgement - view.acknowledged;
  const bool had_hole = view.has_hole;
  view.has_hole = run.options.sack_block_count != 0;
  view.acknowledged = run.acknowledgement;
  // Of data that was not seen.
  if (view.has_data) view.next = later_of(view.next, run.acknowledgement);
  ++view.unsampled_acks;
  const auto rtt_ns = view.sampler.acknowledged(run.acknowledgement, now_ns);
  // What a hole has held up waited for the hole to be filled.
  if (had_hole || view.has_hole) view.unsampled_acks = 0;
  if (rtt_ns && view.unsampled_acks != 0) {
    series.record(*rtt_ns, view.unsampled_acks);
    view.unsampled_acks = 0;
  }
  return advance;
}

}  // namespace tunrelay
