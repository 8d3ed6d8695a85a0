#include "gen/load_json.hpp"

#include <array>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "measure/hdr_encoding.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

/// The value of ALL whose to_string() is TEXT.
template <typename Enum, std::size_t kCount>
Enum named(const std::array<Enum, kCount>& all, const std::string& text) {
  for (const Enum value : all)
    if (to_string(value) == text) return value;
  throw_usage_error("read a load", "'" + text + "'", "there is none of that name");
}

constexpr std::array kProtocols{LoadProtocol::kUdp, LoadProtocol::kTcp};
constexpr std::array kPatterns{LoadPattern::kStream, LoadPattern::kRequestResponse,
                               LoadPattern::kConnections};
constexpr std::array kDirectionsOfLoad{LoadDirection::kForward, LoadDirection::kReverse,
                                       LoadDirection::kBoth};

json to_json(const SendReport& report) {
  return {{"messages", report.messages},
          {"bytes", report.bytes},
          {"failed", report.failed},
          {"last_errno", report.last_errno},
          {"stopped", report.stopped},
          {"slip_ns", encode_histogram(report.slip)},
          {"last_slip_ns", report.last_slip_ns}};
}

SendReport send_report_from_json(const json& from) {
  SendReport report;
  from.at("messages").get_to(report.messages);
  from.at("bytes").get_to(report.bytes);
  from.at("failed").get_to(report.failed);
  from.at("last_errno").get_to(report.last_errno);
  from.at("stopped").get_to(report.stopped);
  from.at("last_slip_ns").get_to(report.last_slip_ns);
  report.slip = decode_histogram(from.at("slip_ns").get<std::string>());
  return report;
}

json to_json(const SequenceTotals& totals) {
  return {{"received", totals.received},
          {"duplicates", totals.duplicates},
          {"reordered", totals.reordered},
          {"reordering_extent", totals.reordering_extent},
          {"too_late", totals.too_late}};
}

SequenceTotals sequence_totals_from_json(const json& from) {
  SequenceTotals totals;
  from.at("received").get_to(totals.received);
  from.at("duplicates").get_to(totals.duplicates);
  from.at("reordered").get_to(totals.reordered);
  from.at("reordering_extent").get_to(totals.reordering_extent);
  from.at("too_late").get_to(totals.too_late);
  return totals;
}

json to_json(const ReceiveReport& report) {
  return {{"sequence", to_json(report.sequence)},
          {"bytes", report.bytes},
          {"corrupt", report.corrupt},
          {"foreign", report.foreign},
          {"socket_dropped", report.socket_dropped},
          {"window_messages", report.window_messages},
          {"window_bytes", report.window_bytes},
          {"window_ns", report.window_ns},
          {"delay_ns", encode_histogram(report.delay)},
          {"delay_back_ns", encode_histogram(report.delay_back)},
          {"jitter_ns", report.jitter_ns}};
}

ReceiveReport receive_report_from_json(const json& from) {
  ReceiveReport report;
  report.sequence = sequence_totals_from_json(from.at("sequence"));
  from.at("bytes").get_to(report.bytes);
  from.at("corrupt").get_to(report.corrupt);
  from.at("foreign").get_to(report.foreign);
  from.at("socket_dropped").get_to(report.socket_dropped);
  from.at("window_messages").get_to(report.window_messages);
  from.at("window_bytes").get_to(report.window_bytes);
  from.at("window_ns").get_to(report.window_ns);
  report.delay = decode_histogram(from.at("delay_ns").get<std::string>());
  report.delay_back = decode_histogram(from.at("delay_back_ns").get<std::string>());
  from.at("jitter_ns").get_to(report.jitter_ns);
  return report;
}

}  // namespace

json to_json(const LoadSpec& spec) {
  return {{"protocol", to_string(spec.protocol)},
          {"pattern", to_string(spec.pattern)},
          {"direction", to_string(spec.direction)},
          {"flows", spec.flows},
          {"threads", spec.threads},
          {"payload_bytes", spec.payload_bytes},
          {"messages_per_s", spec.messages_per_s},
          {"bits_per_s", spec.bits_per_s},
          {"duration_ns", spec.duration_ns},
          {"warm_up_ns", spec.warm_up_ns},
          {"count", spec.count},
          {"segments", spec.segments},
          {"receive_merged", spec.receive_merged},
          {"seed", spec.seed},
          {"source_cpus", spec.source_cpus},
          {"sink_cpus", spec.sink_cpus},
          {"congestion_control", spec.congestion_control},
          {"slip_limit_ns", spec.slip_limit_ns}};
}

LoadSpec load_spec_from_json(const json& from) {
  LoadSpec spec;
  spec.protocol = named(kProtocols, from.at("protocol").get<std::string>());
  spec.pattern = named(kPatterns, from.at("pattern").get<std::string>());
  spec.direction = named(kDirectionsOfLoad, from.at("direction").get<std::string>());
  from.at("flows").get_to(spec.flows);
  from.at("threads").get_to(spec.threads);
  from.at("payload_bytes").get_to(spec.payload_bytes);
  from.at("messages_per_s").get_to(spec.messages_per_s);
  from.at("bits_per_s").get_to(spec.bits_per_s);
  from.at("duration_ns").get_to(spec.duration_ns);
  from.at("warm_up_ns").get_to(spec.warm_up_ns);
  from.at("count").get_to(spec.count);
  from.at("segments").get_to(spec.segments);
  from.at("receive_merged").get_to(spec.receive_merged);
  from.at("seed").get_to(spec.seed);
  from.at("source_cpus").get_to(spec.source_cpus);
  from.at("sink_cpus").get_to(spec.sink_cpus);
  from.at("congestion_control").get_to(spec.congestion_control);
  from.at("slip_limit_ns").get_to(spec.slip_limit_ns);
  check_load_spec(spec);
  return spec;
}

json to_json(const DirectionReport& report) {
  return {{"sent", to_json(report.sent)},
          {"received", to_json(report.received)},
          {"responses", to_json(report.responses)}};
}

DirectionReport direction_report_from_json(const json& from) {
  return {.sent = send_report_from_json(from.at("sent")),
          .received = receive_report_from_json(from.at("received")),
          .responses = receive_report_from_json(from.at("responses"))};
}

json to_json(const TrialReport& report) {
  return {{"spec", to_json(report.spec)},
          {"forward", to_json(report.directions[0])},
          {"reverse", to_json(report.directions[1])},
          {"one_clock", report.one_clock},
          {"void_reason", report.void_reason},
          {"congestion_control", report.congestion_control}};
}

TrialReport trial_report_from_json(const json& from) {
  TrialReport report;
  report.spec = load_spec_from_json(from.at("spec"));
  report.directions = {direction_report_from_json(from.at("forward")),
                       direction_report_from_json(from.at("reverse"))};
  from.at("one_clock").get_to(report.one_clock);
  from.at("void_reason").get_to(report.void_reason);
  from.at("congestion_control").get_to(report.congestion_control);
  return report;
}

}  // namespace tunrelay
