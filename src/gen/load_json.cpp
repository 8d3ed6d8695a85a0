// SPDX-License-Identifier: MIT
#include "gen/load_json.hpp"

#include <array>
#include <string>

#include "base/error.hpp"
#include "base/json_fields.hpp"
#include "metrics/hdr_encoding.hpp"

namespace tunrelay {

using nlohmann::json;

namespace {

/// The value of ALL whose to_string() is that of FROM.
template <typename Enum, std::size_t kCount>
Enum named(const std::array<Enum, kCount>& all, const json& from) {
  const auto text = from.get<std::string>();
  for (const Enum value : all)
    if (to_string(value) == text) return value;
  throw_usage_error("read a load", "'" + text + "'", "there is none of that name");
}

template <typename Type>
concept HasBothWays = MaybeConst<Type, DirectionReport> || MaybeConst<Type, LoadEndReport>;

}  // namespace

// Not in an unnamed namespace, since base/json_fields.hpp has to find them.

static json json_of(const LoadProtocol& protocol) {
  return to_string(protocol);
}
static json json_of(const LoadPattern& pattern) {
  return to_string(pattern);
}
static json json_of(const LoadDirection& direction) {
  return to_string(direction);
}
static json json_of(const Histogram& histogram) {
  return encode_histogram(histogram);
}

static void take_from(const json& from, LoadProtocol& protocol) {
  protocol = named(std::array{LoadProtocol::kUdp, LoadProtocol::kTcp}, from);
}
static void take_from(const json& from, LoadPattern& pattern) {
  pattern = named(
      std::array{LoadPattern::kStream, LoadPattern::kRequestResponse, LoadPattern::kConnections},
      from);
}
static void take_from(const json& from, LoadDirection& direction) {
  direction = named(
      std::array{LoadDirection::kForward, LoadDirection::kReverse, LoadDirection::kBoth}, from);
}
static void take_from(const json& from, Histogram& histogram) {
  histogram = decode_histogram(from.get<std::string>());
}

static void show_fields(MaybeConst<LoadSpec> auto& spec, const auto& fields) {
  fields.always("protocol", spec.protocol);
  fields.always("pattern", spec.pattern);
  fields.always("direction", spec.direction);
  fields.always("flows", spec.flows);
  fields.always("threads", spec.threads);
  fields.always("payload_bytes", spec.payload_bytes);
  fields.always("messages_per_s", spec.messages_per_s);
  fields.always("bits_per_s", spec.bits_per_s);
  fields.always("duration_ns", spec.duration_ns);
  fields.always("warm_up_ns", spec.warm_up_ns);
  fields.always("count", spec.count);
  fields.always("segments", spec.segments);
  fields.always("receive_merged", spec.receive_merged);
  fields.always("seed", spec.seed);
  fields.always("source_cpus", spec.source_cpus);
  fields.always("sink_cpus", spec.sink_cpus);
  fields.always("congestion_control", spec.congestion_control);
  fields.unless_default("first_port", spec.first_port);
  fields.always("slip_limit_ns", spec.slip_limit_ns);
}

static void show_fields(MaybeConst<SendReport> auto& report, const auto& fields) {
  fields.always("messages", report.messages);
  fields.always("bytes", report.bytes);
  fields.always("failed", report.failed);
  fields.always("last_errno", report.last_errno);
  fields.always("stopped", report.stopped);
  fields.always("slip_ns", report.slip);
  fields.always("last_slip_ns", report.last_slip_ns);
}

static void show_fields(MaybeConst<SequenceTotals> auto& totals, const auto& fields) {
  fields.always("received", totals.received);
  fields.always("duplicates", totals.duplicates);
  fields.always("reordered", totals.reordered);
  fields.always("reordering_extent", totals.reordering_extent);
  fields.always("too_late", totals.too_late);
}

static void show_fields(MaybeConst<ReceiveReport> auto& report, const auto& fields) {
  fields.always("sequence", report.sequence);
  fields.always("bytes", report.bytes);
  fields.always("corrupt", report.corrupt);
  fields.always("foreign", report.unexpected);  // the key of protocol version 3
  fields.always("socket_dropped", report.socket_dropped);
  fields.always("window_messages", report.window_messages);
  fields.always("window_bytes", report.window_bytes);
  fields.always("window_ns", report.window_ns);
  fields.always("delay_ns", report.delay);
  fields.always("delay_back_ns", report.delay_back);
  fields.always("jitter_ns", report.jitter_ns);
}

static void show_fields(HasBothWays auto& report, const auto& fields) {
  fields.always("sent", report.sent);
  fields.always("received", report.received);
  fields.always("responses", report.responses);
}

static void show_fields(MaybeConst<EndCounts> auto& counts, const auto& fields) {
  fields.always("sending", counts.sending);
  fields.always("sent_messages", counts.sent_messages);
  fields.always("sent_bytes", counts.sent_bytes);
  fields.always("received_messages", counts.received_messages);
  fields.always("received_bytes", counts.received_bytes);
  fields.always("arrived", counts.arrived);
  fields.always("expected", counts.expected);
  fields.always("arrivals", counts.arrivals);
  fields.always("longest_delay_ns", counts.longest_delay_ns);
}

static void show_fields(MaybeConst<TrialReport> auto& report, const auto& fields) {
  fields.always("spec", report.spec);
  fields.always("forward", report.directions[0]);
  fields.always("reverse", report.directions[1]);
  fields.always("one_clock", report.one_clock);
  fields.always("still_coming", report.still_coming);
  fields.always("invalid_reason", report.invalid_reason);
  fields.always("congestion_control", report.congestion_control);
}

namespace {

template <typename Value>
Value read_as(const json& from) {
  Value value;
  take_from(from, value);
  return value;
}

}  // namespace

json to_json(const LoadSpec& spec) {
  return json_of(spec);
}
json to_json(const EndCounts& counts) {
  return json_of(counts);
}
json to_json(const LoadEndReport& report) {
  return json_of(report);
}
json to_json(const TrialReport& report) {
  return json_of(report);
}

LoadSpec load_spec_from_json(const json& from) {
  auto spec = read_as<LoadSpec>(from);
  check_load_spec(spec);
  return spec;
}
EndCounts end_counts_from_json(const json& from) {
  return read_as<EndCounts>(from);
}
LoadEndReport load_end_report_from_json(const json& from) {
  return read_as<LoadEndReport>(from);
}
TrialReport trial_report_from_json(const json& from) {
  auto report = read_as<TrialReport>(from);
  check_load_spec(report.spec);
  return report;
}

}  // namespace tunrelay
