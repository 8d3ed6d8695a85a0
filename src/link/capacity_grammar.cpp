// SPDX-License-Identifier: MIT
// The arguments of stages that say how much a link carries, and when: rate, steps, trace, mtu,
// outage.
#include <fmt/format.h>

#include "base/exact_units.hpp"
#include "link/stage_grammar.hpp"

namespace tunrelay {
namespace {

constexpr std::uint64_t kMaxBurstBytes = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMinMtu = 68;  // RFC 791
constexpr std::uint64_t kMaxMtu = 65'535;

WireSize default_wire(BottleneckDescription::Pace pace) {
  WireSize wire;
  if (pace == BottleneckDescription::Pace::kTrace) wire.overhead_bytes = kTraceOverheadBytes;
  return wire;
}

}  // namespace

bool read_wire_token(StageTokens& tokens, WireSize& wire) {
  constexpr std::int32_t kMaxOverhead = 65'535;
  if (tokens.take("overhead")) {
    wire.overhead_bytes =
        tokens.take_signed("bytes a packet, such as 38", -kMaxOverhead, kMaxOverhead);
  } else if (tokens.take("cell")) {
    wire.cell_bytes =
        static_cast<std::uint32_t>(tokens.take_size("a cell's payload, such as 48", 1, 65'535));
    wire.cell_overhead_bytes = 0;
    if (tokens.has_number())
      wire.cell_overhead_bytes =
          static_cast<std::uint32_t>(tokens.take_size("a cell's header, such as 5", 0, 65'535));
  } else {
    return false;
  }
  return true;
}

std::string print_wire(const WireSize& wire, const WireSize& defaults) {
  std::string text;
  if (wire.overhead_bytes != defaults.overhead_bytes)
    text += fmt::format(" overhead {}", wire.overhead_bytes);
  if (wire.cell_bytes != 0) text += fmt::format(" cell {}", wire.cell_bytes);
  if (wire.cell_bytes != 0 && wire.cell_overhead_bytes != 0)
    text += fmt::format(" {}", wire.cell_overhead_bytes);
  return text;
}

BottleneckDescription read_bottleneck(StageTokens& tokens, BottleneckDescription::Pace pace) {
  BottleneckDescription link;
  link.pace = pace;
  link.wire = default_wire(pace);
  const bool is_trace = pace == BottleneckDescription::Pace::kTrace;
  if (pace == BottleneckDescription::Pace::kRate)
    link.bits_per_s = tokens.take_rate("a rate such as 10mbit");
  else
    link.file.name = tokens.take_text(is_trace ? "a file as mahimahi has it"
                                               : "a file of lines such as `1.5s 10mbit`");
  for (;;) {
    if (!is_trace && tokens.take("burst"))
      link.burst_bytes = tokens.take_size("a size such as 15K", 0, kMaxBurstBytes);
    else if (!read_wire_token(tokens, link.wire) && !read_queue_token(tokens, link.queue))
      break;
  }
  check_queue(tokens, link.queue);
  if (tokens.at_end()) return link;
  tokens.refuse_next((is_trace ? "" : "burst, ") + ("overhead, cell, " + queue_tokens()));
}

std::string print_stage(const BottleneckDescription& link) {
  std::string text;
  switch (link.pace) {
    case BottleneckDescription::Pace::kRate:
      text = "rate " + print_rate(link.bits_per_s);
      break;
    case BottleneckDescription::Pace::kSteps:
      text = "steps " + print_token(link.file.name);
      break;
    case BottleneckDescription::Pace::kTrace:
      text = "trace " + print_token(link.file.name);
      break;
  }
  if (link.burst_bytes != 0) text += " burst " + print_size(link.burst_bytes);
  return text + print_wire(link.wire, default_wire(link.pace)) + print_queue(link.queue);
}

MtuConfig read_mtu(StageTokens& tokens) {
  MtuConfig config;
  config.mtu_bytes = static_cast<std::uint32_t>(
      tokens.take_size("a size in bytes such as 1400", kMinMtu, kMaxMtu));
  config.answers = tokens.take("icmp");
  return config;
}

std::string print_stage(const MtuConfig& mtu) {
  return fmt::format("mtu {}{}", mtu.mtu_bytes, mtu.answers ? " icmp" : "");
}

OutageConfig read_outage(StageTokens& tokens) {
  OutageConfig config;
  const std::string time = "a time such as 500ms";
  for (;;) {
    if (tokens.take("up")) {
      config.up_ns = tokens.take_duration(time);
      if (!tokens.take("down")) tokens.refuse_next("down TIME");
      config.down_ns = tokens.take_duration(time);
      if (config.down_ns == 0) tokens.refuse_last("it would never be down", "write " + time);
    } else if (tokens.take("at")) {
      OutageConfig::Outage outage;
      outage.start_ns = tokens.take_duration(time);
      if (!tokens.take("for")) tokens.refuse_next("for TIME");
      outage.duration_ns = tokens.take_duration(time);
      config.outages.push_back(outage);
    } else {
      break;
    }
  }
  if (config == OutageConfig{} || !tokens.at_end())
    tokens.refuse_next("up TIME down TIME, or at TIME for TIME, once or more");
  return config;
}

std::string print_stage(const OutageConfig& config) {
  std::string text = "outage";
  if (config.down_ns != 0)
    text +=
        fmt::format(" up {} down {}", print_duration(config.up_ns), print_duration(config.down_ns));
  for (const OutageConfig::Outage& outage : config.outages)
    text += fmt::format(" at {} for {}", print_duration(outage.start_ns),
                        print_duration(outage.duration_ns));
  return text;
}

}  // namespace tunrelay
