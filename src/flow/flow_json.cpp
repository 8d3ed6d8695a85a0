// SPDX-License-Identifier: MIT
#include "flow/flow_json.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include "metrics/tally_json.hpp"

namespace tunrelay {
namespace {

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

nlohmann::ordered_json summary_json(const RttSummary& summary) {
  return {{"count", summary.count.get()},
          {"lowest", summary.lowest_ns.get()},
          {"mean", summary.mean_ns()},
          {"highest", summary.highest_ns.get()}};
}

nlohmann::ordered_json series_json(const RttSeries& series) {
  nlohmann::ordered_json json = summary_json(series.summary);
  json["p50"] = series.quantile_ns(0.5);
  json["p95"] = series.quantile_ns(0.95);
  json["p99"] = series.quantile_ns(0.99);
  return json;
}

/// VALUE, and null where it is 0: not seen.
nlohmann::ordered_json known(std::uint64_t value) {
  return value == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
}

nlohmann::ordered_json tcp_json(const TcpCounters& tcp) {
  const std::uint64_t scale = tcp.window_scale.get();
  return {
      {"mss_bytes", known(tcp.mss_bytes.get())},
      {"window_scale", scale == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(scale - 1)},
      {"sack_permitted", tcp.sack_permitted.get() != 0},
      {"timestamps", tcp.timestamps.get() != 0},
      {"ecn_requested", tcp.ecn_requested.get() != 0},
      {"syns", tcp.syns.get()},
      {"fins", tcp.fins.get()},
      {"resets", tcp.resets.get()},
      {"retransmitted_segments", tcp.retransmitted_segments.get()},
      {"retransmitted_bytes", tcp.retransmitted_bytes.get()},
      {"spurious_segments", tcp.spurious_segments.get()},
      {"keep_alives", tcp.keep_alives.get()},
      {"out_of_order_segments", tcp.out_of_order_segments.get()},
      {"duplicate_segments", tcp.duplicate_segments.get()},
      {"unclassified_segments", tcp.unclassified_segments.get()},
      {"duplicate_acks", tcp.duplicate_acks.get()},
      {"sack_acks", tcp.sack_acks.get()},
      {"dsack_acks", tcp.dsack_acks.get()},
      {"zero_windows", tcp.zero_windows.get()},
      {"ece_segments", tcp.ece_segments.get()},
      {"cwr_segments", tcp.cwr_segments.get()},
      {"acknowledged_bytes", tcp.acknowledged_bytes.get()},
      {"bytes_in_flight", tcp.bytes_in_flight.get()},
      {"bytes_in_flight_peak", tcp.bytes_in_flight_peak.get()},
      {"timestamp_rtt_at_source_ns", summary_json(tcp.timestamp_rtt_at_source)},
      {"timestamp_rtt_at_target_ns", summary_json(tcp.timestamp_rtt_at_target)}};
}

nlohmann::ordered_json direction_json(const FlowReport& flow, Direction direction) {
  const FlowDirectionCounters& counters = flow.counters.directions.at(index_of(direction));
  nlohmann::ordered_json json{{"read", point_json(counters.read)},
                              {"written", point_json(counters.written)},
                              {"dropped", tally_json(counters.dropped.get())},
                              {"goodput_bits_per_s", flow.goodput_bits_per_s(direction)},
                              {"rtt_at_source_ns", series_json(counters.rtt_at_source)},
                              {"rtt_at_target_ns", series_json(counters.rtt_at_target)}};
  if (flow.key.is_tcp()) json["tcp"] = tcp_json(counters.tcp);
  return json;
}

nlohmann::ordered_json end_json(const FlowKey& key, std::size_t end) {
  return {{"address", key.address(end)}, {"port", key.port(end)}};
}

nlohmann::ordered_json flow_json(const FlowReport& flow, std::int64_t now_ns) {
  const FlowCounters& counters = flow.counters;
  nlohmann::ordered_json json{
      {"protocol", flow.key.is_tcp() ? "tcp" : "udp"},
      {"ip_version", flow.key.ip_version()},
      {"a", end_json(flow.key, 0)},
      {"b", end_json(flow.key, 1)},
      {"initiator", counters.initiator.get() == 0 ? "a" : "b"},
      {"began_ns_ago", now_ns - static_cast<std::int64_t>(counters.first_ns.get())},
      {"duration_ns", flow.duration_ns()}};
  if (flow.key.is_tcp())
    json["handshake_rtt_ns"] = known(counters.handshake_rtt_ns.get());
  else
    json["quic_version"] = known(counters.quic_version.get());
  for (const Direction direction : {Direction::kAToB, Direction::kBToA})
    json[std::string(to_string(direction))] = direction_json(flow, direction);
  return json;
}

}  // namespace

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
