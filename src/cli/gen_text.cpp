// SPDX-License-Identifier: MIT
#include "cli/gen_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/figure.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

std::string percentiles(const char* name, const Histogram& histogram) {
  if (histogram.count() == 0) return "";
  std::string line = fmt::format("  {:<12}", name);
  constexpr std::array<std::pair<const char*, double>, 6> kShown{{{"p50", 50},
                                                                  {"p90", 90},
                                                                  {"p99", 99},
                                                                  {"p99.9", 99.9},
                                                                  {"p99.99", 99.99},
                                                                  {"p99.999", 99.999}}};
  for (const auto& [label, percentile] : kShown) {
    // A percentile that rests on less than one value says nothing.
    if (static_cast<double>(histogram.count()) * (100 - percentile) / 100 < 1) break;
    line +=
        fmt::format("{} {}  ", label, format_latency(histogram.value_at_percentile(percentile)));
  }
  line += fmt::format("highest {}, of {}\n", format_latency(histogram.highest()),
                      format_count(histogram.count()));
  return line;
}

std::string losses(const TrialReport& report, const SendReport& sent,
                   const ReceiveReport& received) {
  const std::uint64_t lost = sent.messages - std::min(sent.messages, received.sequence.received);
  const bool is_udp = report.spec.protocol == LoadProtocol::kUdp;
  std::string text = fmt::format(
      "  {:<12}{} of {} ({:.4f} %)", report.still_coming && !is_udp ? "under way" : "lost",
      format_count(lost), format_count(sent.messages),
      sent.messages == 0 ? 0.0
                         : 100 * static_cast<double>(lost) / static_cast<double>(sent.messages));
  if (is_udp)
    text += fmt::format(", {} in the receiver's socket; {} twice; {} out of order, by {} at most",
                        format_count(received.socket_dropped),
                        format_count(received.sequence.duplicates),
                        format_count(received.sequence.reordered),
                        format_count(received.sequence.reordering_extent));
  text += "\n";
  if (received.corrupt != 0)
    text += fmt::format("  {:<12}{} messages came with another payload\n", "corrupt",
                        format_count(received.corrupt));
  if (received.unexpected != 0)
    text += fmt::format("  {:<12}{} messages were not of this trial\n", "unexpected",
                        format_count(received.unexpected));
  return text;
}

std::string direction_text(const TrialReport& report, std::size_t direction) {
  const DirectionReport& one = report.directions.at(direction);
  const bool responses = report.spec.has_responses();
  const ReceiveReport& received = responses ? one.responses : one.received;
  std::string text =
      fmt::format("{}: {} messages of {} in {}\n", direction == 0 ? "forward" : "reverse",
                  format_count(one.sent.messages),
                  format_bytes(static_cast<std::uint64_t>(report.spec.mean_payload_bytes())),
                  format_duration(static_cast<double>(received.window_ns)));
  text += fmt::format("  {:<12}{}, {} messages/s\n", "received",
                      format_rate(throughput_bits_per_s(received)),
                      format_count(static_cast<std::uint64_t>(messages_per_s(received))));
  text += losses(report, one.sent, received);
  if (responses) text += percentiles("round trip", one.responses.delay);
  text += percentiles("one way", one.received.delay);
  if (responses) text += percentiles("way back", one.responses.delay_back);
  if (report.spec.protocol == LoadProtocol::kUdp && received.delay.count() != 0)
    text += fmt::format("  {:<12}{} (RFC 3550)\n", "jitter", format_duration(received.jitter_ns));
  if (report.spec.is_paced()) text += percentiles("sends late", one.sent.slip);
  return text;
}

}  // namespace

std::string interval_lines(const IntervalReport& interval, const LoadSpec& spec) {
  std::string begin = fmt::format("{:6.1f} to {:.1f} s  ", interval.begin_s, interval.end_s);
  const bool is_warm_up = interval.begin_s * 1e9 < static_cast<double>(spec.warm_up_ns);
  const double seconds = interval.end_s - interval.begin_s;
  std::string lines;
  for (std::size_t direction = 0; direction < interval.directions.size(); ++direction) {
    if (!spec.has(direction)) continue;
    const IntervalReport::Flow& flow = interval.directions.at(direction);
    lines += fmt::format("{}{}: sent {}, received {} ({}){}\n", begin,
                         direction == 0 ? "forward" : "reverse", format_count(flow.sent_messages),
                         format_count(flow.received_messages),
                         format_rate(8 * static_cast<double>(flow.received_bytes) / seconds),
                         is_warm_up ? "  (warm-up)" : "");
    begin.assign(begin.size(), ' ');
  }
  return lines;
}

std::string trial_text(const TrialReport& report, const GeneratorFloor* floor) {
  std::string text;
  for (std::size_t direction = 0; direction < report.directions.size(); ++direction)
    if (report.has(direction)) text += direction_text(report, direction);
  if (!report.congestion_control.empty())
    text += fmt::format("congestion control: {}\n", report.congestion_control);
  if (report.still_coming) text += fmt::format("note: {}\n", kStillComing);
  if (!report.one_clock) text += "the ends read different clocks: there is no one-way delay\n";
  if (floor != nullptr) {
    text += "the generator alone:\n";
    text += percentiles("socketpair", floor->socketpair_round_trip);
    text += percentiles("lo", floor->lo_round_trip);
    text += fmt::format("  {:<12}{} messages/s of 64 bytes received over lo\n", "at most",
                        format_count(static_cast<std::uint64_t>(floor->lo_messages_per_s)));
  }
  if (!report.invalid_reason.empty()) text += fmt::format("invalid: {}\n", report.invalid_reason);
  return text;
}

}  // namespace tunrelay
