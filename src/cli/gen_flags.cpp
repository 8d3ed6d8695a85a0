// SPDX-License-Identifier: MIT
#include "cli/gen_flags.hpp"

#include <limits>
#include <sstream>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/units.hpp"
#include "config/flag_group.hpp"
#include "os/cpu_topology.hpp"

namespace tunrelay {
namespace {

std::uint32_t parse_message_size(const std::string& text) {
  const std::uint64_t size = parse_size_bytes(text);
  if (size > std::numeric_limits<std::uint32_t>::max())
    throw_usage_error("read --size", "'" + text + "'", "it is too large");
  return static_cast<std::uint32_t>(size);
}

std::vector<std::uint32_t> parse_sizes(const std::string& list) {
  std::vector<std::uint32_t> sizes;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) sizes.push_back(parse_message_size(word));
  return sizes;
}

/// "50000", "50k", "50kpps", "1.2Mpps": K = 1000.
double parse_packet_rate(std::string text) {
  const std::string whole = text;
  if (text.ends_with("pps")) text.resize(text.size() - 3);
  double value = 0;
  std::size_t end = 0;
  try {
    value = std::stod(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  const std::string unit = text.substr(end);
  const double factor = unit.empty() ? 1 : unit == "k" || unit == "K" ? 1e3 : unit == "M" ? 1e6 : 0;
  if (end == 0 || factor == 0 || !(value > 0))
    throw_usage_error("read --pps", "'" + whole + "'", "it is not a number of packets a second",
                      "write for example 50000, 50k or 1.2M");
  return value * factor;
}

std::vector<std::uint32_t> payloads(const GenFlags& flags, IpFamily family) {
  const int ways =
      (flags.imix ? 1 : 0) + (flags.size.empty() ? 0 : 1) + (flags.frame_size.empty() ? 0 : 1);
  if (ways > 1)
    throw_usage_error("make the load", "--size, --frame-size and --imix",
                      "more than one of them is given", "give one");
  if (flags.imix) return imix_payload_bytes(family);
  if (!flags.frame_size.empty()) {
    std::vector<std::uint32_t> sizes = parse_sizes(flags.frame_size);
    for (std::uint32_t& size : sizes) size = payload_of_frame(size, family);
    return sizes;
  }
  if (!flags.size.empty()) return parse_sizes(flags.size);
  constexpr std::uint32_t kUdpPayload = 64, kTcpStream = 128 << 10;
  return {flags.tcp && !flags.request_response && !flags.connections ? kTcpStream : kUdpPayload};
}

}  // namespace

void add_gen_flags(CLI::App& command, GenFlags& flags) {
  FlagGroup load(command, "Load");
  load.flag("--tcp", flags.tcp, "TCP instead of UDP");
  load.flag("--request-response", flags.request_response, "every message comes back: round trips");
  load.flag("--connections", flags.connections,
            "connect, request, response, close, again and again (with --tcp)");
  load.flag("-R,--reverse", flags.reverse, "the other end sends");
  load.flag("--bidir", flags.both, "both ends send");
  load.value("-b,--rate", flags.rate, "RATE",
             "payload in bits a second, all flows together [unpaced]");
  load.value("--pps", flags.packet_rate, "N",
             "messages a second, all flows together, for example 50k");
  load.value("-t,--time", flags.time, "TIME", "how long to send")->capture_default_str();
  load.value("-n,--count", flags.count, "N", "messages to send, but no longer than --time");
  load.value("-O,--warm-up", flags.warm_up, "TIME", "before that: sent, not counted")
      ->capture_default_str();
  load.value("-P,--flows", flags.flows, "N", "flows, each with a port of its own")
      ->capture_default_str();
  load.value("-C,--congestion", flags.congestion_control, "NAME",
             "TCP: congestion control [the host's]");
  FlagGroup sizes(command, "Sizes");
  sizes.value("-l,--size", flags.size, "BYTES",
              "payload of a message, or a comma-separated list that is gone through [64; TCP "
              "streams 128K]");
  sizes.value("--frame-size", flags.frame_size, "BYTES",
              "UDP: size of the Ethernet frame with its checksum, as RFC 2544 counts, or a list");
  sizes.flag("--imix", flags.imix, "UDP: frames of 64, 570 and 1518 bytes, 7:4:1");
  sizes
      .value("--gso", flags.segments, "N", "UDP: datagrams a send, cut by the kernel (UDP_SEGMENT)")
      ->capture_default_str();
  sizes.flag("--gro", flags.receive_merged, "UDP: receive merged datagrams (UDP_GRO)");
  sizes.value("--seed", flags.seed, "N", "random seed of the payload")->capture_default_str();
  FlagGroup generator(command, "Generator");
  generator.value("--threads", flags.threads, "N", "threads of each end")->capture_default_str();
  generator.value("--source-cpus", flags.source_cpus, "CPUS",
                  "CPUs for sending threads, for example 0,2-3 [any]");
  generator.value("--sink-cpus", flags.sink_cpus, "CPUS", "CPUs for receiving threads [any]");
  generator
      .value("--max-slip", flags.slip_limit, "TIME",
             "with a rate: how late one send in a hundred may be before the trial is invalid")
      ->capture_default_str();
}

LoadSpec load_spec(const GenFlags& flags, IpFamily family) {
  if (flags.request_response && flags.connections)
    throw_usage_error("make the load", "--request-response and --connections", "both are given",
                      "give one");
  if (flags.reverse && flags.both)
    throw_usage_error("make the load", "--reverse and --bidir", "both are given", "give one");
  LoadSpec spec;
  if (flags.tcp) spec.protocol = LoadProtocol::kTcp;
  if (flags.request_response) spec.pattern = LoadPattern::kRequestResponse;
  if (flags.connections) spec.pattern = LoadPattern::kConnections;
  if (flags.reverse) spec.direction = LoadDirection::kReverse;
  if (flags.both) spec.direction = LoadDirection::kBoth;
  spec.flows = flags.flows;
  spec.threads = flags.threads;
  spec.payload_bytes = payloads(flags, family);
  if (!flags.packet_rate.empty()) spec.messages_per_s = parse_packet_rate(flags.packet_rate);
  if (!flags.rate.empty()) spec.bits_per_s = parse_rate_bits_per_s(flags.rate);
  spec.duration_ns = parse_duration_ns(flags.time);
  spec.warm_up_ns = parse_duration_ns(flags.warm_up);
  spec.count = flags.count;
  spec.segments = flags.segments;
  spec.receive_merged = flags.receive_merged;
  spec.seed = flags.seed;
  if (!flags.source_cpus.empty()) spec.source_cpus = parse_cpu_list(flags.source_cpus);
  if (!flags.sink_cpus.empty()) spec.sink_cpus = parse_cpu_list(flags.sink_cpus);
  spec.congestion_control = flags.congestion_control;
  spec.slip_limit_ns = parse_duration_ns(flags.slip_limit);
  check_load_spec(spec);
  return spec;
}

}  // namespace tunrelay
