// SPDX-License-Identifier: MIT
#include "fit/capture_pair.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fit/captured_packet.hpp"

namespace tunrelay {
namespace {

// Of what an IP packet carries: enough for numbers of any kind, and within what captures keep.
constexpr std::size_t kLooksAtBytes = 40;

struct Seen {
  std::string source;
  std::size_t key = 0;
  std::int64_t time_ns = 0;
  std::uint32_t bytes = 0;
  std::optional<std::int64_t> other_ns = {};  ///< when the other capture has it
};
using Capture = std::vector<Seen>;

/// Where the checksum stands, which may be computed by a device behind the capture.
std::optional<std::size_t> checksum_at(std::uint8_t protocol) {
  if (protocol == IPPROTO_TCP) return tcp::kChecksum;
  if (protocol == IPPROTO_UDP) return udp::kChecksum;
  if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) return 2;
  return std::nullopt;
}

std::size_t key_of(const CapturedPacket& packet) {
  std::string text(packet.source());
  text += packet.destination();
  text += static_cast<char>(packet.layers.protocol);
  text += std::to_string(packet.ip_bytes);
  if (packet.layers.ip_version == 4)
    text.append(reinterpret_cast<const char*>(packet.ip()) + ipv4::kId, 2);
  auto carried = packet.transport();
  carried = carried.first(std::min(carried.size(), kLooksAtBytes));
  const auto skipped = checksum_at(packet.layers.protocol);
  for (std::size_t at = 0; at < carried.size(); ++at)
    if (!skipped || (at != *skipped && at != *skipped + 1)) text += static_cast<char>(carried[at]);
  return std::hash<std::string>{}(text);
}

Capture read_seen(const std::string& file) {
  Capture capture;
  read_capture(file, [&capture](const CapturedPacket& packet) {
    capture.push_back({.source = std::string(packet.source()),
                       .key = key_of(packet),
                       .time_ns = packet.time_ns,
                       .bytes = packet.ip_bytes});
  });
  return capture;
}

/// Each packet of ONE with the first of the OTHER that is the same and has no packet yet.
void match(Capture& one, Capture& other) {
  std::unordered_map<std::size_t, std::deque<std::size_t>> places;
  for (std::size_t at = 0; at < other.size(); ++at) places[other[at].key].push_back(at);
  for (Seen& seen : one) {
    const auto found = places.find(seen.key);
    if (found == places.end() || found->second.empty()) continue;
    Seen& twin = other[found->second.front()];
    found->second.pop_front();
    seen.other_ns = twin.time_ns;
    twin.other_ns = seen.time_ns;
  }
}

/// The hosts whose packets are in AT_A first.
std::unordered_map<std::string, std::int64_t> hosts_of(const Capture& at_a) {
  std::unordered_map<std::string, std::int64_t> hosts;
  for (const Seen& seen : at_a)
    if (seen.other_ns) hosts[seen.source] += *seen.other_ns >= seen.time_ns ? 1 : -1;
  return hosts;
}

/// What FROM's capture says of the packets that begin there: those of hosts with SIGN.
SentPackets sent_from(const Capture& from,
                      const std::unordered_map<std::string, std::int64_t>& hosts, std::int64_t sign,
                      const std::string& name) {
  SentPackets packets;
  std::size_t until = 0;
  for (const Seen& seen : from) {
    const auto host = hosts.find(seen.source);
    if (host == hosts.end() || host->second * sign <= 0) continue;
    if (!seen.other_ns && packets.empty()) continue;  // the other capture had not begun
    SentPacket packet{.sent_ns = seen.time_ns, .bytes = seen.bytes, .arrived = false};
    if (seen.other_ns) {
      packet.arrived = true;
      packet.delay_ns = *seen.other_ns - seen.time_ns;
      if (*packet.delay_ns < 0)
        throw_usage_error("fit a link to", name, "a packet arrived before it was sent",
                          "the clocks of both captures must agree");
      until = packets.size() + 1;
    }
    packets.push_back(packet);
  }
  packets.resize(until);
  return packets;
}

}  // namespace

LinkMeasurement measure_pair(const std::string& at_a, const std::string& at_b) {
  const std::string name = at_a + " and " + at_b;
  LinkMeasurement measurement{.from = name, .round_trips = false, .packets = {}, .flow = {}};
  Capture a = read_seen(at_a);
  Capture b = read_seen(at_b);
  match(a, b);
  const auto hosts = hosts_of(a);
  measurement.packets[0] = sent_from(a, hosts, 1, name);
  measurement.packets[1] = sent_from(b, hosts, -1, name);
  if (measurement.packets[0].empty() && measurement.packets[1].empty())
    throw_usage_error("fit a link to", name, "no packet stands in both",
                      "give two captures of the same packets, without NAT between them");
  return measurement;
}

}  // namespace tunrelay
