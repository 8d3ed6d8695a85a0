// SPDX-License-Identifier: MIT
#include "record/flow_series.hpp"

#include <algorithm>
#include <utility>

namespace tunrelay {

FlowSeries::Sums FlowSeries::sums_of(const FlowReport& flow) {
  Sums sums{.first_ns = flow.counters.first_ns.get(), .directions = {}};
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const FlowDirectionCounters& of = flow.counters.directions.at(direction);
    const RttSummary& rtt = of.rtt_at_source.summary;
    sums.directions.at(direction) = {.read = of.read.tally.get(),
                                     .written = of.written.tally.get(),
                                     .dropped = of.dropped.get(),
                                     .retransmitted_segments = of.tcp.retransmitted_segments.get(),
                                     .rtts = rtt.count.get(),
                                     .rtt_sum_ns = rtt.sum_ns.get()};
  }
  return sums;
}

std::vector<FlowInterval> FlowSeries::next(const FlowSnapshot& snapshot) {
  std::vector<FlowInterval> intervals;
  std::unordered_map<FlowKey, Sums, Hash> now;
  for (const FlowReport& flow : snapshot.top) {
    const Sums sums = sums_of(flow);
    now[flow.key] = sums;
    Sums before;
    if (const auto found = seen_.find(flow.key);
        found != seen_.end() && found->second.first_ns == sums.first_ns)
      before = found->second;
    else if (static_cast<std::int64_t>(sums.first_ns) < seen_ns_)
      continue;  // it was there before, and how much it had then is not known
    FlowInterval interval{.protocol = flow.key.is_tcp() ? "tcp" : "udp",
                          .a = flow.key.end_text(0),
                          .b = flow.key.end_text(1),
                          .directions = {}};
    std::uint64_t bytes = 0;
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      const DirectionSums& to = sums.directions.at(direction);
      const DirectionSums& from = before.directions.at(direction);
      FlowDirectionInterval& of = interval.directions.at(direction);
      of.read = to.read - from.read;
      of.written = to.written - from.written;
      of.dropped = to.dropped - from.dropped;
      of.retransmitted_segments = to.retransmitted_segments - from.retransmitted_segments;
      of.rtts = to.rtts - from.rtts;
      if (of.rtts != 0)
        of.mean_rtt_ns = static_cast<std::int64_t>((to.rtt_sum_ns - from.rtt_sum_ns) / of.rtts);
      bytes += of.read.bytes + of.written.bytes;
    }
    if (bytes != 0) intervals.push_back(std::move(interval));
  }
  seen_ = std::move(now);
  seen_ns_ = snapshot.time_ns;
  const auto bytes_of = [](const FlowInterval& flow) {
    return flow.directions[0].read.bytes + flow.directions[1].read.bytes;
  };
  std::stable_sort(intervals.begin(), intervals.end(),
                   [&bytes_of](const FlowInterval& left, const FlowInterval& right) {
                     return bytes_of(left) > bytes_of(right);
                   });
  if (intervals.size() > kMaxFlows) intervals.resize(kMaxFlows);
  return intervals;
}

}  // namespace tunrelay
