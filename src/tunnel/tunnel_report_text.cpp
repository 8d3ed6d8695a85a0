// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_report_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/units.hpp"
#include "capture/capture_text.hpp"
#include "flow/flow_json.hpp"
#include "flow/flow_text.hpp"
#include "link/link_report_text.hpp"
#include "plugin/user_stage_json.hpp"
#include "relay/lane_text.hpp"
#include "tunnel/user_stage_text.hpp"

namespace tunrelay {
namespace {

std::string arrow(const TunnelReport& report, std::size_t direction) {
  return fmt::format("{} -> {}", report.ends.at(direction).device,
                     report.ends.at(1 - direction).device);
}

/// Behind what it is the reason for.
std::string in_brackets(const std::string& reason) {
  return reason.empty() ? "" : " (" + reason + ")";
}

std::string queues_text(const TunnelReport& report) {
  return fmt::format("{} queue{}", report.workers.size(), report.workers.size() == 1 ? "" : "s");
}

std::string pinning_text(const TunnelReport& report) {
  std::string text;
  for (const WorkerReport& worker : report.workers) {
    if (!text.empty()) text += ", ";
    text += worker.pinned_cpu ? fmt::format("queue {} on CPU {}", worker.queue, *worker.pinned_cpu)
                              : fmt::format("queue {} not pinned", worker.queue);
  }
  return text;
}

std::string direction_lines(const TunnelReport& report, std::size_t direction) {
  const LaneCounts& counts = report.lanes.at(direction);
  const EndReport& source = report.ends.at(direction);
  const EndReport& target = report.ends.at(1 - direction);
  std::string lines =
      fmt::format("  {}  {} packets ({} wire segments), {}", arrow(report, direction),
                  format_count(counts.read.packets), format_count(counts.read.segments),
                  format_bytes(counts.read.bytes));
  if (counts.path_probes != 0)
    lines += fmt::format("; {} of them path probes", format_count(counts.path_probes));
  lines += '\n';
  lines += fmt::format("    drops in the relay: {}", drops_text(counts));
  lines += fmt::format("; in {}'s queue: {}; by the kernel behind {}: {}\n", source.device,
                       format_count(source.queue_dropped_packets), target.device,
                       format_count(target.kernel_dropped_packets));
  return lines + stages_account(counts, report.workers) + link_lines(report.link, direction);
}

/// Where more than one queue shares the work, what each had of it.
std::string queue_lines(const TunnelReport& report) {
  std::string lines;
  if (report.workers.size() < 2) return lines;
  for (const WorkerReport& worker : report.workers)
    lines += fmt::format("    queue {}: {} packets {}, {} packets {}\n", worker.queue,
                         format_count(worker.lanes[0].read.packets), arrow(report, 0),
                         format_count(worker.lanes[1].read.packets), arrow(report, 1));
  return lines;
}

std::string sockets_line(const SocketCounters& sockets) {
  return fmt::format(
      "  receivers dropped {} UDP datagrams and {} TCP segments; {} TCP segments were sent again\n",
      format_count(sockets.udp_receive_drops), format_count(sockets.tcp_receive_drops),
      format_count(sockets.tcp_retransmitted_segments));
}

std::string path_line(const TunnelReport& report) {
  const PathReport& path = report.path;
  std::string line = path.proven
                         ? fmt::format(
                               "  path      proven: {} of {} probes {} and {} of "
                               "{} probes {} were seen by the relay and arrived",
                               path.probes_crossed[0], path.probes_sent[0], arrow(report, 0),
                               path.probes_crossed[1], path.probes_sent[1], arrow(report, 1))
                         : fmt::format("  path      NOT PROVEN: {}", path.finding);
  while (line.ends_with('\n')) line.pop_back();  // a finding may be several lines
  line += fmt::format("; {} check{}, {} failed", path.checks, path.checks == 1 ? "" : "s",
                      path.failed_checks);
  if (path.failed_checks != 0)
    line += fmt::format("; lo carried {} packets while it was broken, whoever sent them",
                        format_count(path.detour_packets));
  return line + "\n";
}

std::string record_summary_line(const RecordReport& record) {
  return fmt::format("  record    {}: {} intervals, {}{}\n", record.file,
                     format_count(record.intervals), format_bytes(record.bytes),
                     record.failure.empty() ? "" : "; ended early: " + record.failure);
}

std::string mahimahi_line(const MahimahiLogReport& log) {
  return fmt::format("  mahimahi  {}, {}: {} lines, {} events came too fast{}\n", log.files[0],
                     log.files[1], format_count(log.lines), format_count(log.lost),
                     log.failure.empty() ? "" : "; ended early: " + log.failure);
}

nlohmann::ordered_json mahimahi_json(const std::optional<MahimahiLogReport>& log) {
  if (!log) return nullptr;
  return {{"files", {{"a_to_b", log->files[0]}, {"b_to_a", log->files[1]}}},
          {"lines", log->lines},
          {"lost_events", log->lost},
          {"failure", log->failure}};
}

std::string link_line(const TunnelReport& report) {
  if (report.link.empty()) return "";
  const std::string since =
      report.link_set_ns == 0
          ? "the tunnel was ready"
          : fmt::format("it was set, {} after the tunnel was ready",
                        format_duration(static_cast<double>(report.link_set_ns)));
  return fmt::format("  link      counted since {}; --seed {} repeats its random numbers\n", since,
                     report.link.seed);
}

std::string scenario_line(const ScenarioReport& scenario) {
  const auto time = [](std::int64_t time_ns) {
    return format_duration(static_cast<double>(time_ns));
  };
  std::string line = fmt::format("  scenario  {}: ", scenario.name);
  if (scenario.state == ScenarioReport::State::kWaiting) return line + "waits for traffic\n";
  line += fmt::format("begun {} after the tunnel was ready; {} change{}", time(scenario.begun_ns),
                      format_count(scenario.changes), scenario.changes == 1 ? "" : "s");
  if (scenario.changes != 0)
    line += fmt::format(", the last one after {}, at most {} late", time(scenario.last_change_ns),
                        time(scenario.late_ns));
  if (scenario.replaced != 0)
    line += fmt::format("; {} replaced stages", format_count(scenario.replaced));
  if (scenario.state == ScenarioReport::State::kStopped) line += "; stopped";
  return line + "\n";
}

nlohmann::ordered_json scenario_json(const std::optional<ScenarioReport>& scenario) {
  if (!scenario) return nullptr;
  constexpr std::array<const char*, 4> kStates{"waiting", "playing", "over", "stopped"};
  return {{"name", scenario->name},
          {"state", kStates.at(static_cast<std::size_t>(scenario->state))},
          {"seed", scenario->seed},
          {"begun_ns", scenario->begun_ns},
          {"changes", scenario->changes},
          {"replaced", scenario->replaced},
          {"last_change_ns", scenario->last_change_ns},
          {"max_late_ns", scenario->late_ns}};
}

nlohmann::ordered_json end_json(const EndReport& end) {
  return {{"device", end.device},
          {"type", to_string(end.type)},
          {"made_by_us", end.made_by_us},
          {"offloads", end.offloads},
          {"offload_reason", end.offload_reason},
          {"addresses", end.addresses},
          {"netns", end.netns},
          {"queue_dropped_packets", end.queue_dropped_packets},
          {"kernel_dropped_packets", end.kernel_dropped_packets}};
}

nlohmann::ordered_json events_json(const TunnelReport& report) {
  nlohmann::ordered_json json;
  for (std::size_t kind = 0; kind < report.events.size(); ++kind)
    json[std::string(to_string(static_cast<TunnelEvent::Kind>(kind)))] = report.events.at(kind);
  return json;
}

nlohmann::ordered_json worker_json(const WorkerReport& worker) {
  const EngineCounts& engine = worker.engine_counts;
  nlohmann::ordered_json json{{"queue", worker.queue},
                              {"thread_id", worker.thread_id},
                              {"sandbox", sandbox_json(worker)},
                              {"buffer_bytes", worker.buffer_bytes},
                              {"queued_bytes_limit", worker.queued_bytes_limit},
                              {"queued_packets_limit", worker.queued_packets_limit},
                              {"a_to_b", lane_json(worker.lanes[0])},
                              {"b_to_a", lane_json(worker.lanes[1])},
                              {"engine",
                               {{"turns", engine.turns},
                                {"system_calls", engine.system_calls},
                                {"waits", engine.waits},
                                {"no_buffer", engine.no_buffer},
                                {"rearms", engine.rearms},
                                {"completion_overflows", engine.completion_overflows}}}};
  json["pinned_cpu"] =
      worker.pinned_cpu ? nlohmann::ordered_json(*worker.pinned_cpu) : nlohmann::ordered_json();
  return json;
}

}  // namespace

std::string ready_line(const TunnelReport& report) {
  const auto end_text = [](const EndReport& end) {
    std::string text = end.device;
    for (const std::string& address : end.addresses)
      text += " " + address.substr(0, address.find('/'));
    return text;
  };
  return clean_line(fmt::format("ready  {} <-> {}  {}, {} engine, {}, offloads {}, after {}",
                                end_text(report.ends[0]), end_text(report.ends[1]),
                                to_string(report.strategy), to_string(report.engine),
                                queues_text(report), report.ends[0].offloads,
                                format_duration(static_cast<double>(report.ready_after_ns))));
}

std::string summary_text(const TunnelReport& report) {
  std::string text =
      fmt::format("tunrelay: {} <-> {} for {}\n", report.ends[0].device, report.ends[1].device,
                  format_duration(static_cast<double>(report.duration_ns)));
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    text += direction_lines(report, direction);
  text += sockets_line(report.sockets);
  text += fmt::format("  engine    {}{}\n", to_string(report.engine),
                      in_brackets(report.engine_reason));
  text += fmt::format("  offloads  {}{}\n", report.ends[0].offloads,
                      in_brackets(report.ends[0].offload_reason));
  if (!report.merging_reason.empty())
    text += fmt::format("  merging   {} ({})\n", to_string(report.merging), report.merging_reason);
  text += fmt::format("  queues    {}{}: {}\n", report.workers.size(),
                      in_brackets(report.queues_reason), pinning_text(report));
  text += queue_lines(report);
  text += fmt::format("  sandbox   {}\n", sandbox_text(report.sandbox, report.workers));
  text += link_line(report);
  if (report.scenario) text += scenario_line(*report.scenario);
  text += user_stage_lines(report);
  text += fmt::format("  routing   {}, MTU {}", to_string(report.strategy), report.mtu_bytes);
  text += report.repairs == 0 ? "\n" : fmt::format(", {} repairs\n", report.repairs);
  text += path_line(report);
  if (report.flows) text += flow_lines(*report.flows);
  if (report.trace_lost != 0)
    text += fmt::format("  trace     {} packets came too fast to be printed\n",
                        format_count(report.trace_lost));
  if (report.capture) text += capture_line(*report.capture);
  if (report.record) text += record_summary_line(*report.record);
  if (report.mahimahi_log) text += mahimahi_line(*report.mahimahi_log);
  for (const std::string& note : report.notes) text += fmt::format("  note      {}\n", note);
  return clean_lines(text);
}

nlohmann::ordered_json report_json(const TunnelReport& report, const char* event) {
  nlohmann::ordered_json workers = nlohmann::ordered_json::array();
  for (const WorkerReport& worker : report.workers) workers.push_back(worker_json(worker));
  const PathReport& path = report.path;
  return {{"event", event},
          {"strategy", to_string(report.strategy)},
          {"engine", to_string(report.engine)},
          {"engine_reason", report.engine_reason},
          {"merging",
           {{"tcp", report.merging.tcp},
            {"udp", report.merging.udp},
            {"big_tcp", report.merging.big_tcp},
            {"reason", report.merging_reason}}},
          {"queues", report.workers.size()},
          {"queues_reason", report.queues_reason},
          {"mtu_bytes", report.mtu_bytes},
          {"duration_ns", report.duration_ns},
          {"ready_after_ns", report.ready_after_ns},
          {"a", end_json(report.ends[0])},
          {"b", end_json(report.ends[1])},
          {"a_to_b", lane_json(report.lanes[0])},
          {"b_to_a", lane_json(report.lanes[1])},
          {"sockets",
           {{"udp_receive_drops", report.sockets.udp_receive_drops},
            {"tcp_receive_drops", report.sockets.tcp_receive_drops},
            {"tcp_retransmitted_segments", report.sockets.tcp_retransmitted_segments}}},
          {"workers", workers},
          {"sandbox", sandbox_json(report.sandbox)},
          {"path",
           {{"proven", path.proven},
            {"finding", path.finding},
            {"checks", path.checks},
            {"failed_checks", path.failed_checks},
            {"detour_packets", path.detour_packets},
            {"probes_sent", {{"a_to_b", path.probes_sent[0]}, {"b_to_a", path.probes_sent[1]}}},
            {"probes_crossed",
             {{"a_to_b", path.probes_crossed[0]}, {"b_to_a", path.probes_crossed[1]}}}}},
          {"link", link_json(report.link)},
          {"link_set_ns", report.link_set_ns},
          {"scenario", scenario_json(report.scenario)},
          {"stages", user_stages_json(report.user_stages)},
          {"repairs", report.repairs},
          {"events", events_json(report)},
          {"trace_lost_packets", report.trace_lost},
          {"capture", capture_json(report.capture)},
          {"record", record_json(report.record)},
          {"mahimahi_log", mahimahi_json(report.mahimahi_log)},
          {"flows", flows_json(report.flows)},
          {"notes", report.notes}};
}

nlohmann::ordered_json record_json(const std::optional<RecordReport>& record) {
  if (!record) return nullptr;
  return {{"file", record->file},
          {"intervals", record->intervals},
          {"bytes", record->bytes},
          {"failure", record->failure}};
}

}  // namespace tunrelay
