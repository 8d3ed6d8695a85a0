// SPDX-License-Identifier: MIT
#include "exporter/metric_families.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/build_info.hpp"
#include "base/clock.hpp"
#include "exporter/family_list.hpp"
#include "flow/flow_snapshot.hpp"
#include "os/thread_cpu.hpp"

namespace tunrelay {
namespace {

constexpr double kBitsPerByte = 8;

double seconds(std::int64_t duration_ns) {
  return static_cast<double>(duration_ns) / static_cast<double>(kNanosecondsPerSecond);
}

MetricLabels direction_labels(std::size_t direction) {
  return {{"direction", std::string(to_string(static_cast<Direction>(direction)))}};
}

void add_tunnel(FamilyList& list, const TunnelReport& report, const MetricsContext& context) {
  list.gauge("tunrelay_info", "What the relay is; always 1.",
             {{"version", context.version},
              {"device_a", report.ends[0].device},
              {"device_b", report.ends[1].device},
              {"engine", std::string(to_string(report.engine))},
              {"strategy", std::string(to_string(report.strategy))}},
             1);
  list.gauge("tunrelay_start_time_seconds", "When the tunnel was ready, since 1970.", {},
             seconds(context.ready_unix_ns));
  const PathReport& path = report.path;
  list.gauge("tunrelay_path_proven", "1 where the newest check of the path has passed, else 0.", {},
             path.proven ? 1 : 0);
  list.counter("tunrelay_path_checks_total", "Checks of the path.", {},
               static_cast<double>(path.checks));
  list.counter("tunrelay_path_check_failures_total", "Checks of the path that have failed.", {},
               static_cast<double>(path.failed_checks));
  list.counter("tunrelay_detour_packets_total",
               "Packets that lo carried while the path was broken.", {},
               static_cast<double>(path.detour_packets));
  list.counter("tunrelay_repairs_total", "Rules and routes that were put back.", {},
               static_cast<double>(report.repairs));
  for (std::size_t kind = 0; kind < report.events.size(); ++kind)
    list.counter("tunrelay_events_total", "What has happened to the tunnel.",
                 {{"kind", std::string(to_string(static_cast<TunnelEvent::Kind>(kind)))}},
                 static_cast<double>(report.events.at(kind)));
  for (const EndReport& end : report.ends) {
    const MetricLabels labels{{"device", end.device}};
    list.counter("tunrelay_device_queue_drops_packets_total",
                 "Packets that the kernel dropped, since the device's queue to the relay was full.",
                 labels, static_cast<double>(end.queue_dropped_packets));
    list.counter("tunrelay_device_kernel_drops_packets_total",
                 "Packets that the relay wrote and the kernel dropped.", labels,
                 static_cast<double>(end.kernel_dropped_packets));
  }
}

void add_lanes(FamilyList& list, const TunnelReport& report) {
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const LaneCounts& lane = report.lanes.at(direction);
    const MetricLabels labels = direction_labels(direction);
    list.tally_counters("tunrelay_read", "read from the source device", labels, lane.read);
    list.tally_counters("tunrelay_made", "made by stages", labels, lane.made);
    list.tally_counters("tunrelay_written", "written to the target device", labels, lane.written);
    for (std::size_t reason = 0; reason < kDropReasons; ++reason)
      list.tally_counters(
          "tunrelay_dropped", "dropped, by reason",
          with(labels, "reason", std::string(to_string(static_cast<DropReason>(reason)))),
          lane.dropped.at(reason));
    list.tally_gauges("tunrelay_queued", "queued by stages now", labels, lane.queued);
    list.counter("tunrelay_write_operations_total",
                 "Writes to the target device; fewer than packets where they are merged.", labels,
                 static_cast<double>(lane.writes));
  }
}

void add_workers(FamilyList& list, const TunnelReport& report, const MetricsContext& context) {
  for (std::size_t worker = 0; worker < report.workers.size(); ++worker) {
    const MetricLabels labels{{"queue", fmt::format("{}", report.workers[worker].queue)}};
    const EngineCounts& engine = report.workers[worker].engine_counts;
    if (worker < context.worker_cpu_ns.size())
      list.counter("tunrelay_worker_cpu_seconds_total", "CPU time of a queue's worker.", labels,
                   seconds(static_cast<std::int64_t>(context.worker_cpu_ns[worker])));
    list.counter("tunrelay_worker_turns_total", "Turns of a queue's worker.", labels,
                 static_cast<double>(engine.turns));
    list.counter("tunrelay_worker_system_calls_total", "System calls of a queue's worker.", labels,
                 static_cast<double>(engine.system_calls));
  }
}

void add_stage(FamilyList& list, const LinkStageReport& stage, const MetricLabels& labels) {
  const StageCounts& counts = stage.counts;
  list.tally_counters("tunrelay_stage_taken", "given to the stage", labels, counts.taken);
  list.tally_counters("tunrelay_stage_passed", "passed by the stage", labels, counts.passed);
  for (std::size_t at = 0; at < kDropReasons; ++at)
    if (const auto reason = static_cast<DropReason>(at); is_of_stages(reason))
      list.tally_counters("tunrelay_stage_dropped", "dropped by the stage, by reason",
                          with(labels, "reason", std::string(to_string(reason))),
                          counts.dropped.of(reason));
  list.tally_gauges("tunrelay_stage_queued", "queued by the stage now", labels, counts.queued);
  list.counter("tunrelay_stage_marked_wire_segments_total",
               "Wire segments that left with ECN's mark of this or an earlier stage.", labels,
               static_cast<double>(counts.marked));
  list.counter("tunrelay_stage_answers_total", "Frames that the stage sent back to the sender.",
               labels, static_cast<double>(stage.answers));
  if (stage.capacity_bits)
    list.counter("tunrelay_stage_capacity_bytes_total",
                 "What a link of limited speed could have carried.", labels,
                 static_cast<double>(*stage.capacity_bits) / kBitsPerByte);
  list.histogram("tunrelay_stage_delay_seconds", "The time of a wire segment in the stage.", labels,
                 counts.delay_ns);
  list.histogram("tunrelay_stage_late_seconds",
                 "How late the stage released queued packets, by wake-up.", labels, counts.late_ns);
}

void add_link(FamilyList& list, const TunnelReport& report) {
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const auto& stages = report.link.directions.at(direction);
    const MetricLabels labels = direction_labels(direction);
    for (std::size_t at = 0; at < stages.size(); ++at)
      add_stage(
          list, stages[at],
          with(with(labels, "position", fmt::format("{}", at + 1)), "stage", stages[at].text));
    if (!stages.empty())
      list.histogram("tunrelay_link_delay_seconds",
                     "From when the relay read a wire segment to when it left the last stage.",
                     labels, stages.back().counts.since_read_ns);
  }
}

void add_flow(FamilyList& list, const FlowReport& flow) {
  const MetricLabels ends{{"protocol", flow.key.is_tcp() ? "tcp" : "udp"},
                          {"a", flow.key.end_text(0)},
                          {"b", flow.key.end_text(1)}};
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const FlowDirectionCounters& counters = flow.counters.directions.at(direction);
    MetricLabels labels = direction_labels(direction);
    labels.insert(labels.end(), ends.begin(), ends.end());
    list.counter("tunrelay_flow_read_bytes_total", "Bytes of a flow, read from the source device.",
                 labels, static_cast<double>(counters.read.tally.get().bytes));
    list.counter("tunrelay_flow_written_bytes_total",
                 "Bytes of a flow, written to the target device.", labels,
                 static_cast<double>(counters.written.tally.get().bytes));
    list.counter("tunrelay_flow_dropped_wire_segments_total",
                 "Wire segments of a flow, dropped in the relay.", labels,
                 static_cast<double>(counters.dropped.get().segments));
    if (counters.rtt_at_source.summary.count.get() != 0)
      list.summary("tunrelay_flow_rtt_seconds",
                   "Round trips of a flow, seen at its sender's device: since its first packet.",
                   labels, counters.rtt_at_source);
    if (!flow.key.is_tcp()) continue;
    list.counter("tunrelay_flow_retransmitted_wire_segments_total",
                 "TCP segments of a flow that were sent again.", labels,
                 static_cast<double>(counters.tcp.retransmitted_segments.get()));
    list.gauge("tunrelay_flow_in_flight_bytes", "Read from the sender and not acknowledged there.",
               labels, static_cast<double>(counters.tcp.bytes_in_flight.get()));
  }
}

void add_flows(FamilyList& list, const FlowSnapshot& flows) {
  list.counter("tunrelay_flows_seen_total", "Flows that were seen.", {},
               static_cast<double>(flows.seen));
  list.counter("tunrelay_flows_evicted_total",
               "Flows that were forgotten for lack of room, the least recently used.", {},
               static_cast<double>(flows.evicted));
  const std::size_t shown = std::min(flows.top.size(), kFlowsInMetrics);
  for (std::size_t at = 0; at < shown; ++at) add_flow(list, flows.top[at]);
}

void add_capture(FamilyList& list, const CaptureReport& capture) {
  list.counter("tunrelay_capture_packets_total", "Packets in the capture, as they came and went.",
               {}, static_cast<double>(capture.packets));
  list.counter("tunrelay_capture_lost_packets_total",
               "Packets that came faster than the capture could write them.", {},
               static_cast<double>(capture.lost));
}

}  // namespace

MetricsContext metrics_context_of(const TunnelReport& report) {
  MetricsContext context{.version = kVersion,
                         .ready_unix_ns = clock_ns(CLOCK_REALTIME) - report.duration_ns,
                         .worker_cpu_ns = {}};
  for (const WorkerReport& worker : report.workers)
    context.worker_cpu_ns.push_back(thread_cpu_ns(worker.thread_id).value_or(0));
  return context;
}

std::vector<prometheus::MetricFamily> metric_families(const TunnelReport& report,
                                                      const MetricsContext& context) {
  FamilyList list;
  add_tunnel(list, report, context);
  add_lanes(list, report);
  add_workers(list, report, context);
  add_link(list, report);
  if (report.flows) add_flows(list, *report.flows);
  if (report.capture) add_capture(list, *report.capture);
  return list.take();
}

}  // namespace tunrelay
