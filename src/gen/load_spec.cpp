// SPDX-License-Identifier: MIT
#include "gen/load_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "gen/message.hpp"
#include "gen/tcp_message.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kUdpHeaderBytes = 8;
constexpr std::uint32_t kEthernetBytes = 14 + 4;  // header and frame check sequence
constexpr std::uint32_t kMaxDatagramBytes = 65'507;
constexpr std::uint32_t kMaxTcpMessageBytes = 1U << 20U;
constexpr std::uint32_t kMaxSegments = 64;  // UDP_MAX_SEGMENTS before Linux 6.9
constexpr std::size_t kMaxFlows = 10'000;
constexpr std::size_t kMaxThreads = 256;
constexpr std::size_t kEndOfPorts = 65'536;

std::uint32_t ip_header_bytes(IpFamily family) {
  return family == IpFamily::kIpv4 ? 20 : 40;
}

[[noreturn]] void refuse(const std::string& object, const std::string& answer,
                         const std::string& hint) {
  throw_usage_error("make the load", object, answer, hint);
}

void check_sizes(const LoadSpec& spec) {
  if (spec.payload_bytes.empty()) refuse("no size", "a message needs one", "give --size");
  const std::uint32_t most =
      spec.protocol == LoadProtocol::kUdp ? kMaxDatagramBytes : kMaxTcpMessageBytes;
  std::uint32_t least = kMessageHeaderBytes;
  if (spec.protocol == LoadProtocol::kTcp)
    least = spec.has_responses() ? kResponseHeadBytes : kRequestHeadBytes;
  for (const std::uint32_t size : spec.payload_bytes)
    if (size < least || size > most)
      refuse(
          fmt::format("messages of {} bytes", size),
          fmt::format("here they have {} to {} bytes, {} of them our header", least, most, least),
          "choose another --size");
}

void check_segments(const LoadSpec& spec) {
  if (spec.segments == 1) return;
  if (spec.protocol != LoadProtocol::kUdp)
    refuse("segments of TCP", "TCP cuts for itself", "leave --gso out, or take UDP, without --tcp");
  if (spec.has_responses())
    refuse("segments of requests", "a request goes alone",
           "leave --gso out, or leave --request-response and --connections out");
  if (spec.payload_bytes.size() > 1)
    refuse("segments of several sizes", "UDP_SEGMENT cuts into equal ones", "give one --size");
  if (spec.segments == 0 || spec.segments > kMaxSegments ||
      spec.segments * spec.payload_bytes.front() > kMaxDatagramBytes)
    refuse(fmt::format("{} segments of {} bytes", spec.segments, spec.payload_bytes.front()),
           fmt::format("one send takes {} segments and {} bytes", kMaxSegments, kMaxDatagramBytes),
           "choose a smaller --gso");
}

}  // namespace

std::string_view to_string(LoadProtocol protocol) noexcept {
  return protocol == LoadProtocol::kUdp ? "udp" : "tcp";
}

std::string_view to_string(LoadPattern pattern) noexcept {
  switch (pattern) {
    case LoadPattern::kStream:
      return "stream";
    case LoadPattern::kRequestResponse:
      return "request-response";
    case LoadPattern::kConnections:
      return "connections";
  }
  return "";
}

std::string_view to_string(LoadDirection direction) noexcept {
  switch (direction) {
    case LoadDirection::kForward:
      return "forward";
    case LoadDirection::kReverse:
      return "reverse";
    case LoadDirection::kBoth:
      return "both";
  }
  return "";
}

std::uint32_t LoadSpec::most_payload_bytes() const noexcept {
  return payload_bytes.empty() ? 0 : *std::max_element(payload_bytes.begin(), payload_bytes.end());
}

double LoadSpec::mean_payload_bytes() const noexcept {
  if (payload_bytes.empty()) return 0;
  return static_cast<double>(
             std::accumulate(payload_bytes.begin(), payload_bytes.end(), std::uint64_t{0})) /
         static_cast<double>(payload_bytes.size());
}

double LoadSpec::target_messages_per_s() const noexcept {
  if (messages_per_s > 0) return messages_per_s;
  return static_cast<double>(bits_per_s) / (8 * mean_payload_bytes());
}

void check_load_spec(const LoadSpec& spec) {
  check_sizes(spec);
  check_segments(spec);
  if (spec.flows == 0 || spec.flows > kMaxFlows)
    refuse(fmt::format("{} flows", spec.flows), fmt::format("there can be 1 to {}", kMaxFlows),
           "choose another --flows");
  if (spec.threads == 0 || spec.threads > kMaxThreads || spec.threads > spec.flows)
    refuse(fmt::format("{} threads for {} flows", spec.threads, spec.flows),
           fmt::format("there can be 1 to {}, and each needs a flow", kMaxThreads),
           "choose another --threads or more --flows");
  if (spec.first_port + spec.flows > kEndOfPorts)
    refuse(fmt::format("{} flows from port {} on", spec.flows, spec.first_port),
           fmt::format("the last port is {}", kEndOfPorts - 1),
           "choose a lower port, or fewer flows");
  if (spec.messages_per_s > 0 && spec.bits_per_s > 0)
    refuse("two rates", "messages and bits a second are both given", "give one --rate");
  if (spec.pattern == LoadPattern::kConnections && spec.protocol != LoadProtocol::kTcp)
    refuse("connections over UDP", "UDP has none", "take --tcp, or --request-response");
  if (spec.has_responses() && spec.direction != LoadDirection::kForward)
    refuse("requests in both directions", "responses go the other way already",
           "leave --reverse and --bidir out");
  if (spec.duration_ns <= 0 || spec.warm_up_ns < 0)
    refuse("a trial without time", "the duration must be above 0, the warm-up not below",
           "choose another --time");
  if (spec.target_messages_per_s() > 1e8)
    refuse(fmt::format("{:.0f} messages a second", spec.target_messages_per_s()),
           "no machine sends more than 100 million", "choose a lower --rate, or none: unpaced");
}

std::uint32_t payload_of_frame(std::uint32_t frame_bytes, IpFamily family) {
  const std::uint32_t headers = kEthernetBytes + ip_header_bytes(family) + kUdpHeaderBytes;
  if (frame_bytes < headers + kMessageHeaderBytes)
    refuse(fmt::format("frames of {} bytes", frame_bytes),
           fmt::format("headers take {} and our own {}", headers, kMessageHeaderBytes),
           fmt::format("choose {} or more", headers + kMessageHeaderBytes));
  return frame_bytes - headers;
}

std::vector<std::uint32_t> imix_payload_bytes(IpFamily family) {
  constexpr std::uint32_t kSmall = 64, kMiddle = 570, kLarge = 1518;
  const std::uint32_t least =
      kEthernetBytes + ip_header_bytes(family) + kUdpHeaderBytes + kMessageHeaderBytes;
  std::vector<std::uint32_t> payloads;
  for (const std::uint32_t frame : {kSmall, kMiddle, kSmall, kSmall, kMiddle, kSmall, kLarge,
                                    kSmall, kMiddle, kSmall, kSmall, kMiddle})
    payloads.push_back(payload_of_frame(std::max(frame, least), family));
  return payloads;
}

}  // namespace tunrelay
