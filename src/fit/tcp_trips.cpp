// SPDX-License-Identifier: MIT
#include "fit/tcp_trips.hpp"

#include <netinet/in.h>

#include <algorithm>

#include "packet/tcp_options.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMinSegments = 100;

std::string flow_key(std::string_view from, std::string_view to, std::uint16_t from_port,
                     std::uint16_t to_port) {
  std::string key(from);
  key += to;
  for (const std::uint16_t port : {from_port, to_port}) {
    key += static_cast<char>(port >> 8);
    key += static_cast<char>(port & 0xff);
  }
  return key;
}

}  // namespace

std::uint64_t TcpTrips::Flow::unwrap(std::uint32_t number) const noexcept {
  const auto away = static_cast<std::int32_t>(number - static_cast<std::uint32_t>(sent_end));
  return sent_end + static_cast<std::uint64_t>(static_cast<std::int64_t>(away));
}

void TcpTrips::Flow::send(std::uint32_t sequence, std::uint32_t payload_bytes,
                          const CapturedPacket& packet) {
  // Far from 0, so that what was sent before the capture began is not below it.
  if (segments.empty()) sent_end = (std::uint64_t{1} << 32) + sequence;
  const std::uint64_t begin = unwrap(sequence);
  const std::uint64_t end = begin + payload_bytes;
  if (begin < sent_end)
    for (Pending& before : pending)
      if (before.begin < end && begin < before.end) before.sent_again = true;
  pending.push_back({begin, end, segments.size(), false});
  segments.push_back({.sent_ns = packet.time_ns, .bytes = packet.ip_bytes, .arrived = false});
  sent_end = std::max(sent_end, end);
  bytes += payload_bytes;
}

void TcpTrips::Flow::acknowledge(std::uint64_t begin, std::uint64_t end, std::int64_t now_ns) {
  for (Pending& one : pending) {
    if (one.begin < begin || one.end > end) continue;
    SentPacket& segment = segments[one.at];
    if (segment.arrived || one.sent_again) continue;
    segment.arrived = true;
    segment.delay_ns = std::max<std::int64_t>(0, now_ns - segment.sent_ns);
  }
}

void TcpTrips::Flow::forget_acknowledged() {
  while (!pending.empty() && (segments[pending.front().at].arrived || pending.front().sent_again))
    pending.pop_front();
}

void TcpTrips::look(const CapturedPacket& packet) {
  if (packet.layers.protocol != IPPROTO_TCP) return;
  const auto header = packet.transport();
  if (header.size() < tcp::kHeaderBytes) return;
  const std::byte* at = header.data();
  const std::size_t header_bytes =
      std::min<std::size_t>((load_u8(at + tcp::kDataOffset) >> 4U) * 4U, header.size());
  const std::uint32_t before_payload =
      std::uint32_t{packet.layers.transport_offset} - packet.layers.ip_offset +
      static_cast<std::uint32_t>(std::max<std::size_t>(header_bytes, tcp::kHeaderBytes));
  const std::uint16_t from = load_u16(at + kSourcePort);
  const std::uint16_t to = load_u16(at + kDestinationPort);
  const std::uint8_t flags = load_u8(at + tcp::kFlags);
  const bool is_edge = (flags & (tcp::kSyn | tcp::kRst)) != 0;
  if (packet.ip_bytes > before_payload && !is_edge) {
    Flow& flow = flows_[flow_key(packet.source(), packet.destination(), from, to)];
    flow.source = packet.source();
    flow.send(load_u32(at + tcp::kSequence), packet.ip_bytes - before_payload, packet);
  }
  if ((flags & tcp::kAck) == 0) return;
  const auto found = flows_.find(flow_key(packet.destination(), packet.source(), to, from));
  if (found == flows_.end()) return;
  Flow& flow = found->second;
  flow.acknowledge(0, flow.unwrap(load_u32(at + tcp::kAcknowledgement)), packet.time_ns);
  if (header_bytes > tcp::kHeaderBytes) {
    const TcpOptions options =
        read_tcp_options(header.subspan(tcp::kHeaderBytes, header_bytes - tcp::kHeaderBytes));
    for (std::size_t block = 0; block < options.sack_block_count; ++block)
      flow.acknowledge(flow.unwrap(options.sack_blocks[block].begin),
                       flow.unwrap(options.sack_blocks[block].end), packet.time_ns);
  }
  flow.forget_acknowledged();
}

SentPackets TcpTrips::largest(std::string_view source) {
  Flow* best = nullptr;
  for (auto& [key, flow] : flows_) {
    if (!source.empty() && flow.source != source) continue;
    if (best == nullptr || flow.bytes > best->bytes) best = &flow;
  }
  if (best == nullptr) return {};
  SentPackets& segments = best->segments;
  while (!segments.empty() && !segments.back().arrived) segments.pop_back();
  if (segments.size() < kMinSegments) return {};
  return std::move(segments);
}

}  // namespace tunrelay
