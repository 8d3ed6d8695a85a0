// SPDX-License-Identifier: MIT
#include "flow/flow_text.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "metrics/tally_json.hpp"

namespace tunrelay {
namespace {

const char* protocol_name(const FlowReport& flow) {
  return flow.key.protocol() == IPPROTO_TCP ? "TCP" : "UDP";
}

/// From a flow's first packet to its last one.
std::int64_t duration_ns(const FlowReport& flow) {
  std::uint64_t last = flow.counters.first_ns.get();
  for (const FlowDirectionCounters& direction : flow.counters.directions)
    last = std::max({last, direction.read.last_ns.get(), direction.written.last_ns.get()});
  return static_cast<std::int64_t>(last - flow.counters.first_ns.get());
}

double rate_bits_per_s(std::uint64_t bytes, std::int64_t duration) {
  return duration <= 0 ? 0
                       : static_cast<double>(bytes) * 8 * kNanosecondsPerSecond /
                             static_cast<double>(duration);
}

nlohmann::ordered_json tallies_json(const std::array<FlowTallies, kDirections>& tallies) {
  nlohmann::ordered_json json;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const FlowTallies& of = tallies.at(index_of(direction));
    json[std::string(to_string(direction))] = {{"read", tally_json(of.read)},
                                               {"written", tally_json(of.written)},
                                               {"dropped", tally_json(of.dropped)}};
  }
  return json;
}

nlohmann::ordered_json point_json(const PointCounters& point) {
  nlohmann::ordered_json json = tally_json(point.tally.get());
  json["payload_bytes"] = point.payload_bytes.get();
  json["ce_segments"] = point.ce_segments.get();
  json["longest_gap_ns"] = point.longest_gap_ns.get();
  return json;
}

nlohmann::ordered_json direction_json(const FlowDirectionCounters& direction) {
  return {{"read", point_json(direction.read)},
          {"written", point_json(direction.written)},
          {"dropped", tally_json(direction.dropped.get())}};
}

nlohmann::ordered_json flow_json(const FlowReport& flow, std::int64_t now_ns) {
  const auto first_ns = static_cast<std::int64_t>(flow.counters.first_ns.get());
  return {{"protocol", flow.key.protocol() == IPPROTO_TCP ? "tcp" : "udp"},
          {"ip_version", flow.key.ip_version()},
          {"a", {{"address", flow.key.address(0)}, {"port", flow.key.port(0)}}},
          {"b", {{"address", flow.key.address(1)}, {"port", flow.key.port(1)}}},
          {"initiator", flow.counters.initiator.get() == 0 ? "a" : "b"},
          {"age_ns", now_ns - first_ns},
          {"duration_ns", duration_ns(flow)},
          {"a_to_b", direction_json(flow.counters.directions[0])},
          {"b_to_a", direction_json(flow.counters.directions[1])}};
}

std::string one_flow(const FlowReport& flow) {
  const std::size_t from = flow.counters.initiator.get() == 0 ? 0 : 1;
  std::string line =
      fmt::format("    {} {} > {}  {} in {}\n", protocol_name(flow), flow.key.end_text(from),
                  flow.key.end_text(1 - from), format_bytes(flow.counters.bytes()),
                  format_duration(static_cast<double>(duration_ns(flow))));
  for (const std::size_t index : {from, 1 - from}) {
    const FlowDirectionCounters& direction = flow.counters.directions.at(index);
    const Tally read = direction.read.tally.get();
    if (read.packets == 0) continue;
    line += fmt::format(
        "      {}  {} wire segments, {} payload, {}", index == from ? "to  " : "from",
        format_count(read.segments), format_bytes(direction.read.payload_bytes.get()),
        format_rate(rate_bits_per_s(direction.written.payload_bytes.get(), duration_ns(flow))));
    const Tally dropped = direction.dropped.get();
    if (dropped.segments != 0)
      line += fmt::format("; {} dropped in the relay", format_count(dropped.segments));
    line += '\n';
  }
  return line;
}

}  // namespace

std::string flow_lines(const FlowSnapshot& snapshot) {
  std::string lines =
      fmt::format("  flows     {} seen, room for {} ({})", format_count(snapshot.seen),
                  format_count(snapshot.limit), format_bytes(snapshot.memory_bytes));
  if (snapshot.evicted != 0)
    lines += fmt::format("; {} evicted, the least recently used", format_count(snapshot.evicted));
  const std::size_t shown = std::min(snapshot.top.size(), kFlowsInText);
  if (shown < snapshot.seen) lines += fmt::format("; the largest {}:", shown);
  lines += '\n';
  for (std::size_t at = 0; at < shown; ++at) lines += one_flow(snapshot.top[at]);
  return lines;
}

nlohmann::ordered_json flows_json(const std::optional<FlowSnapshot>& snapshot) {
  if (!snapshot) return {};
  nlohmann::ordered_json top = nlohmann::ordered_json::array();
  for (const FlowReport& flow : snapshot->top) top.push_back(flow_json(flow, snapshot->time_ns));
  return {{"seen", snapshot->seen},
          {"evicted", snapshot->evicted},
          {"ended", snapshot->ended},
          {"limit", snapshot->limit},
          {"memory_bytes", snapshot->memory_bytes},
          {"flows", tallies_json(snapshot->flows)},
          {"former", tallies_json(snapshot->former)},
          {"other", tallies_json(snapshot->other)},
          {"top", top}};
}

}  // namespace tunrelay
