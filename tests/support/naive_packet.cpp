// SPDX-License-Identifier: MIT
#include "support/naive_packet.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace tunrelay::test {
namespace {

/// The first of COUNT bytes behind BYTES.
std::byte* more_bytes(Bytes& bytes, std::size_t count) {
  bytes.resize(bytes.size() + count);
  return bytes.data() + bytes.size() - count;
}

void append(Bytes& bytes, std::initializer_list<int> values) {
  auto* to = more_bytes(bytes, values.size());
  for (const int value : values) *to++ = static_cast<std::byte>(value);
}

void append(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void append_u16(Bytes& bytes, std::uint32_t value) {
  set_u16({more_bytes(bytes, 2), 2}, 0, value);
}

void append_u32(Bytes& bytes, std::uint32_t value) {
  set_u32({more_bytes(bytes, 4), 4}, 0, value);
}

void append_link(Bytes& bytes, const PacketSpec& spec) {
  if (spec.link_type == LinkType::kIp) return;
  append(bytes, {2, 0, 0, 0, 0, spec.destination_host, 2, 0, 0, 0, 0, spec.source_host});
  for (const std::uint16_t tag : spec.vlan_tags) {
    append_u16(bytes, 0x8100);
    append_u16(bytes, tag);
  }
  append_u16(bytes, spec.ip_version == 4 ? 0x0800 : 0x86dd);
}

void append_ipv4(Bytes& bytes, const PacketSpec& spec, std::size_t transport_bytes) {
  const std::size_t start = bytes.size();
  const std::size_t header_bytes = 20 + spec.ip_options.size();
  append(bytes, {static_cast<int>(0x40 + header_bytes / 4), spec.traffic_class});
  append_u16(bytes, static_cast<std::uint32_t>(header_bytes + transport_bytes));
  append_u16(bytes, spec.id);
  append_u16(bytes, spec.dont_fragment ? 0x4000 : 0);
  append(bytes, {spec.ttl, spec.is_tcp ? IPPROTO_TCP : IPPROTO_UDP, 0, 0});
  append(bytes, {192, 168, 13, spec.source_host, 192, 168, 13, spec.destination_host});
  append(bytes, spec.ip_options);
  const auto header = std::span{bytes}.subspan(start);
  set_u16(header, 10, 0xffffU - naive_sum(header));
}

void append_ipv6(Bytes& bytes, const PacketSpec& spec, std::size_t transport_bytes) {
  const std::uint8_t protocol = spec.is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
  std::size_t extension_bytes = 0;
  for (const auto& extension : spec.extensions) extension_bytes += extension.second.size();
  append_u32(bytes, 6U << 28 | std::uint32_t{spec.traffic_class} << 20 | spec.flow_label);
  append_u16(bytes, static_cast<std::uint32_t>(extension_bytes + transport_bytes));
  append(bytes, {spec.extensions.empty() ? protocol : spec.extensions.front().first, spec.ttl});
  for (const std::uint8_t host : {spec.source_host, spec.destination_host})
    append(bytes, {0xfd, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host});
  for (std::size_t at = 0; at < spec.extensions.size(); ++at) {
    Bytes extension = spec.extensions[at].second;
    extension[0] = static_cast<std::byte>(
        at + 1 < spec.extensions.size() ? spec.extensions[at + 1].first : protocol);
    extension[1] = static_cast<std::byte>(extension.size() / 8 - 1);
    append(bytes, extension);
  }
}

void append_tcp(Bytes& bytes, const PacketSpec& spec) {
  append_u16(bytes, spec.source_port);
  append_u16(bytes, spec.destination_port);
  append_u32(bytes, spec.sequence);
  append_u32(bytes, spec.acknowledgement);
  append(bytes, {static_cast<int>((20 + spec.tcp_options.size()) / 4 * 16), spec.tcp_flags});
  append_u16(bytes, spec.window);
  append_u16(bytes, 0);
  append_u16(bytes, spec.urgent);
  append(bytes, spec.tcp_options);
}

void append_udp(Bytes& bytes, const PacketSpec& spec) {
  append_u16(bytes, spec.source_port);
  append_u16(bytes, spec.destination_port);
  append_u16(bytes, static_cast<std::uint32_t>(8 + spec.payload.size()));
  append_u16(bytes, 0);
}

}  // namespace

Frame build_frame(const PacketSpec& spec) {
  const std::size_t header_bytes = spec.is_tcp ? 20 + spec.tcp_options.size() : 8;
  const std::size_t transport_bytes = header_bytes + spec.payload.size();
  Frame frame;
  constexpr std::size_t kMaxLinkAndIpBytes = 200;
  frame.bytes.reserve(kMaxLinkAndIpBytes + transport_bytes);
  append_link(frame.bytes, spec);
  const std::size_t ip_offset = frame.bytes.size();
  if (spec.ip_version == 4)
    append_ipv4(frame.bytes, spec, transport_bytes);
  else
    append_ipv6(frame.bytes, spec, transport_bytes);
  const std::size_t transport_offset = frame.bytes.size();
  if (spec.is_tcp)
    append_tcp(frame.bytes, spec);
  else
    append_udp(frame.bytes, spec);
  append(frame.bytes, spec.payload);

  VirtioNetHeader& header = frame.header;
  header.flags = VirtioNetHeader::kNeedsChecksum;
  header.checksum_start = static_cast<std::uint16_t>(transport_offset);
  header.checksum_offset = spec.is_tcp ? 16 : 6;
  if (spec.checksum != ChecksumState::kAbsent)
    set_u16(frame.bytes, transport_offset + header.checksum_offset,
            naive_pseudo_sum(frame.bytes, ip_offset, spec.is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
                             transport_bytes));
  if (spec.gso_size != 0) {
    const GsoType tcp_type = spec.ip_version == 4 ? GsoType::kTcpIpv4 : GsoType::kTcpIpv6;
    const GsoType type = spec.is_tcp ? tcp_type : GsoType::kUdpSegment;
    header.gso_type = static_cast<std::uint8_t>(static_cast<unsigned>(type) | spec.gso_bits);
    header.gso_size = spec.gso_size;
    header.header_bytes = static_cast<std::uint16_t>(transport_offset + header_bytes);
  }
  if (spec.checksum == ChecksumState::kComplete) return completed(std::move(frame));
  if (spec.checksum == ChecksumState::kAbsent) header = {};
  return frame;
}

Bytes counting_bytes(std::size_t count, std::size_t first) {
  constexpr std::size_t kPeriod = 251;
  Bytes bytes(count);
  for (std::size_t at = 0, value = first % kPeriod; at < std::min(count, kPeriod); ++at) {
    bytes[at] = static_cast<std::byte>(value);
    value = value + 1 == kPeriod ? 0 : value + 1;
  }
  for (std::size_t at = kPeriod; at < count; at += kPeriod)
    std::copy_n(bytes.begin(), std::min(kPeriod, count - at),
                bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return bytes;
}

// Most of a fuzzer's time; it reads what is there, which its callers' other reads show.
__attribute__((no_sanitize_address)) std::uint16_t naive_sum(std::span<const std::byte> bytes) {
  const auto* byte = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t size = bytes.size();
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at + 1 < size; at += 2)
    sum += static_cast<unsigned>(byte[at] << 8 | byte[at + 1]);
  if (size % 2 == 1) sum += static_cast<unsigned>(byte[size - 1] << 8);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t naive_pseudo_sum(std::span<const std::byte> frame, std::size_t ip_offset,
                               std::uint8_t protocol, std::size_t transport_bytes) {
  const bool is_ipv4 = std::to_integer<int>(frame[ip_offset]) >> 4 == 4;
  const auto addresses =
      is_ipv4 ? frame.subspan(ip_offset + 12, 8) : frame.subspan(ip_offset + 8, 32);
  std::array<std::byte, 32 + 2 * 4> pseudo{};
  std::copy(addresses.begin(), addresses.end(), pseudo.begin());
  set_u32(pseudo, addresses.size(), static_cast<std::uint32_t>(transport_bytes));
  set_u32(pseudo, addresses.size() + 4, protocol);
  return naive_sum(pseudo);
}

Frame completed(Frame frame) {
  if (!frame.header.needs_checksum()) return frame;
  const std::size_t start = frame.header.checksum_start;
  const std::uint32_t checksum = 0xffffU - naive_sum(std::span{frame.bytes}.subspan(start));
  set_u16(frame.bytes, start + frame.header.checksum_offset, checksum == 0 ? 0xffff : checksum);
  frame.header.flags = 0;
  frame.header.checksum_start = frame.header.checksum_offset = 0;
  return frame;
}

std::uint16_t get_u16(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

std::uint32_t get_u32(std::span<const std::byte> bytes, std::size_t at) {
  return std::uint32_t{get_u16(bytes, at)} << 16 | get_u16(bytes, at + 2);
}

void set_u16(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value);
}

void set_u32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
  set_u16(bytes, at, value >> 16);
  set_u16(bytes, at + 2, value);
}

}  // namespace tunrelay::test
