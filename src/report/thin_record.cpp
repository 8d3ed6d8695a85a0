// SPDX-License-Identifier: MIT
#include "report/thin_record.hpp"

#include <algorithm>

namespace tunrelay {
namespace {

void join(ValueSummary& values, const ValueSummary& more) {
  values.count += more.count;
  values.p50 = std::max(values.p50, more.p50);
  values.p95 = std::max(values.p95, more.p95);
  values.p99 = std::max(values.p99, more.p99);
  values.highest = std::max(values.highest, more.highest);
}

Tally highest_of(const Tally& one, const Tally& other) {
  return {std::max(one.packets, other.packets), std::max(one.segments, other.segments),
          std::max(one.bytes, other.bytes)};
}

void join(StageInterval& stage, const StageInterval& more) {
  stage.taken += more.taken;
  stage.passed += more.passed;
  stage.dropped += more.dropped;
  stage.queued = more.queued;
  stage.queued_peak = highest_of(stage.queued_peak, more.queued_peak);
  stage.marked += more.marked;
  join(stage.delay_ns, more.delay_ns);
  join(stage.late_ns, more.late_ns);
  if (stage.capacity_bits) *stage.capacity_bits += more.capacity_bits.value_or(0);
}

void join(FlowDirectionInterval& flow, const FlowDirectionInterval& more) {
  flow.read += more.read;
  flow.written += more.written;
  flow.dropped += more.dropped;
  flow.retransmitted_segments += more.retransmitted_segments;
  const std::uint64_t rtts = flow.rtts + more.rtts;
  if (rtts != 0)
    flow.mean_rtt_ns = static_cast<std::int64_t>(
        (static_cast<double>(flow.mean_rtt_ns) * static_cast<double>(flow.rtts) +
         static_cast<double>(more.mean_rtt_ns) * static_cast<double>(more.rtts)) /
        static_cast<double>(rtts));
  flow.rtts = rtts;
}

}  // namespace

bool is_same(const FlowInterval& one, const FlowInterval& other) {
  return one.protocol == other.protocol && one.a == other.a && one.b == other.b;
}

void join(std::vector<FlowInterval>& flows, const std::vector<FlowInterval>& more) {
  for (const FlowInterval& flow : more) {
    const auto same = std::find_if(flows.begin(), flows.end(), [&flow](const FlowInterval& other) {
      return is_same(flow, other);
    });
    if (same == flows.end()) {
      flows.push_back(flow);
      continue;
    }
    for (std::size_t direction = 0; direction < kDirections; ++direction)
      join(same->directions.at(direction), flow.directions.at(direction));
  }
}

namespace {

void join(RecordInterval& interval, const RecordInterval& more) {
  interval.to_ns = more.to_ns;
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    DirectionInterval& sum = interval.directions.at(direction);
    const DirectionInterval& next = more.directions.at(direction);
    sum.read += next.read;
    sum.made += next.made;
    sum.written += next.written;
    sum.queued = next.queued;
    sum.dropped += next.dropped;
    for (std::size_t at = 0; at < sum.stages.size(); ++at) join(sum.stages[at], next.stages.at(at));
  }
  join(interval.flows, more.flows);
  interval.flows_ns += more.flows_ns;
  interval.worker_cpu_ns.resize(std::max(interval.worker_cpu_ns.size(), more.worker_cpu_ns.size()));
  for (std::size_t worker = 0; worker < more.worker_cpu_ns.size(); ++worker)
    interval.worker_cpu_ns[worker] += more.worker_cpu_ns[worker];
}

}  // namespace

Record thinned(const Record& record, std::size_t most) {
  const std::size_t together = record.intervals.size() / std::max<std::size_t>(most, 1) + 1;
  if (together == 1) return record;
  Record thin = record;
  thin.intervals.clear();
  std::size_t joined = together;
  for (const RecordInterval& interval : record.intervals) {
    const bool goes_on =
        joined < together && &record.link_of(interval) == &record.link_of(thin.intervals.back());
    if (goes_on) {
      join(thin.intervals.back(), interval);
      ++joined;
    } else {
      thin.intervals.push_back(interval);
      joined = 1;
    }
  }
  return thin;
}

}  // namespace tunrelay
