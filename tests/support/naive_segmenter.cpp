// SPDX-License-Identifier: MIT
#include "support/naive_segmenter.hpp"

namespace tunrelay::test {
namespace {

constexpr unsigned kFin = 0x01;
constexpr unsigned kPshFlag = 0x08;
constexpr unsigned kCwr = 0x80;

void set_ip_fields(Bytes& bytes, std::size_t ip, std::size_t segment) {
  const auto packet = std::span{bytes}.subspan(ip);
  if (std::to_integer<int>(packet[0]) >> 4 == 6) {
    set_u16(packet, 4, static_cast<std::uint32_t>(packet.size() - 40));
    return;
  }
  const auto header = packet.first(std::to_integer<std::size_t>(packet[0] & std::byte{0x0f}) * 4);
  set_u16(header, 2, static_cast<std::uint32_t>(packet.size()));
  set_u16(header, 4, static_cast<std::uint32_t>(get_u16(header, 4) + segment));
  set_u16(header, 10, 0);
  set_u16(header, 10, 0xffffU - naive_sum(header));
}

void set_tcp_fields(std::span<std::byte> header, const VirtioNetHeader& virtio, std::size_t segment,
                    bool is_last) {
  set_u32(header, 4, get_u32(header, 4) + static_cast<std::uint32_t>(segment) * virtio.gso_size);
  auto flags = std::to_integer<unsigned>(header[13]);
  if (!is_last) flags &= ~(kFin | kPshFlag);
  if (segment != 0 && (virtio.gso_type & VirtioNetHeader::kGsoAccurateEcn) == 0) flags &= ~kCwr;
  header[13] = static_cast<std::byte>(flags);
}

/// The pseudo-header's sum with one length instead of another: modulo 0xffff, never 0.
std::uint32_t with_length(std::uint32_t sum, std::size_t before, std::size_t after) {
  const std::size_t changed = (sum + 0xffff - before % 0xffff + after) % 0xffff;
  return static_cast<std::uint32_t>(changed == 0 ? 0xffff : changed);
}

}  // namespace

std::size_t naive_ip_offset(std::span<const std::byte> frame, LinkType link_type) {
  if (link_type == LinkType::kIp) return 0;
  std::size_t type_at = 12;
  while (get_u16(frame, type_at) == 0x8100 || get_u16(frame, type_at) == 0x88a8) type_at += 4;
  return type_at + 2;
}

std::optional<Frame> with_plain_lengths(const Frame& frame, LinkType link_type) {
  constexpr std::uint16_t kJumboBytes = 8;
  const std::size_t ip = naive_ip_offset(frame.bytes, link_type);
  const std::size_t ip_bytes = frame.bytes.size() - ip;
  if (ip_bytes <= 65535) return frame;
  Frame plain = frame;
  const auto header = std::span{plain.bytes}.subspan(ip);
  if (std::to_integer<int>(header[0]) >> 4 == 4) {
    const bool is_right = get_u16(header, 2) == 0 && naive_sum(header.first(20)) == 0xffff;
    return is_right ? std::optional(plain) : std::nullopt;
  }
  const Bytes option{frame.bytes[ip + 40 + 1], frame.bytes[ip + 40 + 2], frame.bytes[ip + 40 + 3]};
  if (get_u16(header, 4) != 0 || header[6] != std::byte{0} ||
      option != Bytes{std::byte{0}, std::byte{0xc2}, std::byte{4}} ||
      get_u32(header, 44) != ip_bytes - 40)
    return std::nullopt;
  header[6] = header[40];
  plain.bytes.erase(plain.bytes.begin() + static_cast<long>(ip + 40),
                    plain.bytes.begin() + static_cast<long>(ip + 40 + kJumboBytes));
  plain.header.checksum_start =
      static_cast<std::uint16_t>(plain.header.checksum_start - kJumboBytes);
  plain.header.header_bytes = static_cast<std::uint16_t>(plain.header.header_bytes - kJumboBytes);
  return plain;
}

std::vector<Frame> segment_naively(const Frame& frame, LinkType link_type) {
  if (frame.header.gso_type == 0) return std::vector<Frame>(1, frame);
  const std::size_t ip = naive_ip_offset(frame.bytes, link_type);
  const std::size_t transport = frame.header.checksum_start;
  const bool is_tcp = frame.header.type() != GsoType::kUdpSegment;
  const std::size_t header_bytes =
      is_tcp ? std::to_integer<std::size_t>(frame.bytes[transport + 12] >> 4) * 4 : 8;
  const std::size_t payload = transport + header_bytes;
  const std::size_t size = frame.header.gso_size;
  std::vector<Frame> segments;
  segments.reserve((frame.bytes.size() - payload) / size + 1);
  for (std::size_t at = payload; at < frame.bytes.size(); at += size) {
    const std::size_t number = segments.size();
    const bool is_last = at + size >= frame.bytes.size();
    const std::size_t end = is_last ? frame.bytes.size() : at + size;
    Frame segment;
    segment.bytes.reserve(payload + end - at);
    segment.bytes.assign(frame.bytes.begin(), frame.bytes.begin() + static_cast<long>(payload));
    segment.bytes.insert(segment.bytes.end(), frame.bytes.begin() + static_cast<long>(at),
                         frame.bytes.begin() + static_cast<long>(end));
    segment.header.flags = VirtioNetHeader::kNeedsChecksum;
    segment.header.checksum_start = frame.header.checksum_start;
    segment.header.checksum_offset = frame.header.checksum_offset;
    set_ip_fields(segment.bytes, ip, number);
    const auto header = std::span{segment.bytes}.subspan(transport);
    if (is_tcp) set_tcp_fields(header, frame.header, number, is_last);
    if (!is_tcp) set_u16(header, 4, static_cast<std::uint32_t>(header.size()));
    const std::size_t field = frame.header.checksum_offset;
    set_u16(header, field,
            with_length(get_u16(header, field), frame.bytes.size() - transport, header.size()));
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace tunrelay::test
