// SPDX-License-Identifier: MIT
#include "flow/flow_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"

namespace tunrelay {
namespace {

/// "; 12 duplicate ACKs", nothing for none.
std::string some(const Counter& count, const char* what) {
  return count.get() == 0 ? "" : fmt::format("; {} {}", format_count(count.get()), what);
}

std::string rtt_text(const FlowDirectionCounters& direction, bool is_tcp) {
  const RttSeries& source = direction.rtt_at_source;
  if (source.summary.count.get() == 0) return "";
  std::string text = fmt::format("; RTT p50 {} p99 {}", format_duration(source.quantile_ns(0.5)),
                                 format_duration(source.quantile_ns(0.99)));
  if (!is_tcp) return text + " by the spin bit";
  if (direction.rtt_at_target.summary.count.get() != 0)
    text += fmt::format(", {} of it the receiver's",
                        format_duration(direction.rtt_at_target.quantile_ns(0.5)));
  return text;
}

std::string tcp_text(const TcpCounters& tcp) {
  std::string text = some(tcp.retransmitted_segments, "sent again");
  if (tcp.spurious_segments.get() != 0)
    text += fmt::format(" ({} needlessly)", format_count(tcp.spurious_segments.get()));
  return text + some(tcp.out_of_order_segments, "out of order") +
         some(tcp.duplicate_segments, "arrived twice") +
         some(tcp.duplicate_acks, "duplicate ACKs") + some(tcp.zero_windows, "zero windows") +
         some(tcp.ece_segments, "with ECE");
}

std::string direction_line(const FlowReport& flow, Direction direction) {
  const FlowDirectionCounters& counters = flow.counters.directions.at(index_of(direction));
  const Tally read = counters.read.tally.get();
  const Tally written = counters.written.tally.get();
  if (read.packets + written.packets == 0) return "";
  const bool is_forth = index_of(direction) == flow.counters.initiator.get();
  std::string line = fmt::format("      {} {} wire segments", is_forth ? "forth" : "back ",
                                 format_count(read.segments));
  if (counters.read.payload_bytes.get() != 0)
    line += fmt::format(", {}", format_rate(flow.goodput_bits_per_s(direction)));
  line += rtt_text(counters, flow.key.is_tcp());
  const Tally dropped = counters.dropped.get();
  if (dropped.segments != 0)
    line += fmt::format("; {} dropped in the relay", format_count(dropped.segments));
  if (flow.key.is_tcp())
    line += tcp_text(counters.tcp);
  else
    line +=
        fmt::format("; longest gap {}",
                    format_duration(static_cast<double>(counters.written.longest_gap_ns.get())));
  return line + some(counters.written.ce_segments, "with CE") + "\n";
}

std::string flow_text(const FlowReport& flow) {
  const std::size_t from = flow.counters.initiator.get() == 0 ? 0 : 1;
  std::string text = fmt::format(
      "    {} {} > {}  {} in {}",
      flow.key.is_tcp() ? "TCP" : (flow.counters.quic_version.get() == 0 ? "UDP" : "QUIC"),
      flow.key.end_text(from), flow.key.end_text(1 - from), format_bytes(flow.counters.bytes()),
      format_duration(static_cast<double>(flow.duration_ns())));
  if (const std::uint64_t handshake_ns = flow.counters.handshake_rtt_ns.get(); handshake_ns != 0)
    text += fmt::format(", handshake {}", format_duration(static_cast<double>(handshake_ns)));
  text += '\n';
  const auto forth = static_cast<Direction>(from);
  return text + direction_line(flow, forth) + direction_line(flow, opposite(forth));
}

}  // namespace

std::string flow_lines(const FlowSnapshot& snapshot) {
  std::string lines =
      fmt::format("  flows     {} seen, room for {} in {}", format_count(snapshot.seen),
                  format_count(snapshot.limit), format_bytes(snapshot.memory_bytes));
  if (snapshot.evicted != 0)
    lines += fmt::format("; {} forgotten, the least recently used", format_count(snapshot.evicted));
  const std::size_t shown = std::min(snapshot.top.size(), kFlowsInText);
  if (shown < snapshot.seen) lines += fmt::format("; the {} largest:", shown);
  lines += '\n';
  for (std::size_t at = 0; at < shown; ++at) lines += flow_text(snapshot.top[at]);
  return lines;
}

}  // namespace tunrelay
