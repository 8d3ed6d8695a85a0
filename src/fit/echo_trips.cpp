// SPDX-License-Identifier: MIT
#include "fit/echo_trips.hpp"

#include <netinet/in.h>

#include <algorithm>

namespace tunrelay {
namespace {

constexpr std::size_t kEchoBytes = 8;  // type, code, checksum, identifier, sequence number
constexpr std::size_t kIdentifier = 4;
constexpr std::size_t kSequence = 6;

struct EchoTypes {
  std::uint8_t request;
  std::uint8_t reply;
};
constexpr EchoTypes kIcmp{8, 0};
constexpr EchoTypes kIcmpv6{128, 129};

}  // namespace

void EchoTrips::look(const CapturedPacket& packet) {
  const bool is_icmp = packet.layers.protocol == IPPROTO_ICMP;
  if (!is_icmp && packet.layers.protocol != IPPROTO_ICMPV6) return;
  const auto echo = packet.transport();
  if (echo.size() < kEchoBytes) return;
  const EchoTypes types = is_icmp ? kIcmp : kIcmpv6;
  const std::uint8_t type = load_u8(echo.data());
  if (type != types.request && type != types.reply) return;
  const bool is_request = type == types.request;
  const std::string from(is_request ? packet.source() : packet.destination());
  const std::string to(is_request ? packet.destination() : packet.source());
  const std::string identifier(reinterpret_cast<const char*>(echo.data()) + kIdentifier, 2);
  const std::uint16_t number = load_u16(echo.data() + kSequence);
  if (is_request) {
    Series& series = series_[from + to + identifier];
    series.source = from;
    series.newest[number] = series.requests.size();
    series.requests.push_back(
        {.sent_ns = packet.time_ns, .bytes = packet.ip_bytes, .arrived = false});
    return;
  }
  const auto found = series_.find(from + to + identifier);
  if (found == series_.end()) return;
  Series& series = found->second;
  const auto at = series.newest.find(number);
  if (at == series.newest.end()) return;
  SentPacket& request = series.requests[at->second];
  if (request.arrived || packet.time_ns < request.sent_ns) return;
  request.arrived = true;
  request.delay_ns = packet.time_ns - request.sent_ns;
  series.answered = std::max(series.answered, at->second + 1);
}

EchoTrips::Series* EchoTrips::longest() {
  Series* best = nullptr;
  for (auto& [key, series] : series_) {
    // What is behind the last answer may still have been under way.
    series.requests.resize(series.answered);
    if (series.answered != 0 && (best == nullptr || series.answered > best->answered))
      best = &series;
  }
  return best;
}

}  // namespace tunrelay
