// SPDX-License-Identifier: MIT
#include "packet/merged_headers.hpp"

#include <netinet/in.h>

#include <cstring>

#include "base/ensure.hpp"
#include "packet/header_rewrite.hpp"

namespace tunrelay {
namespace {

/// The hop-by-hop header that bears the jumbo payload option alone (RFC 2675, 2).
void store_jumbo_header(std::byte* header, std::uint8_t next_header,
                        std::uint32_t payload_bytes) noexcept {
  header[0] = std::byte{next_header};
  header[1] = std::byte{0};  // units of 8 bytes behind the first
  header[2] = std::byte{ipv6::kJumboOption};
  header[3] = std::byte{sizeof payload_bytes};
  store_u32(header + 4, payload_bytes);
}

/// IP_BYTES: of the whole packet, from the IP header on.
void rewrite_ip(std::byte* ip, const Layers& layers, std::uint32_t ip_bytes) noexcept {
  // A length that does not fit its field is 0 there.
  const std::uint32_t stated_bytes = ip_bytes > kMaxIpBytes ? 0 : ip_bytes;
  if (layers.ip_version == 4) {
    rewrite_ipv4(ip, ipv4::kHeaderBytes, stated_bytes, load_u16(ip + ipv4::kId));
  } else if (stated_bytes != 0) {
    rewrite_ipv6(ip, ip_bytes);
  } else {
    store_u16(ip + ipv6::kPayloadLength, 0);
    store_jumbo_header(ip + ipv6::kHeaderBytes, load_u8(ip + ipv6::kNextHeader),
                       ip_bytes - ipv6::kHeaderBytes);
    ip[ipv6::kNextHeader] = std::byte{IPPROTO_HOPOPTS};
  }
}

}  // namespace

std::size_t build_merged_headers(const Packet& first, const MergedShape& shape,
                                 HeaderSlot& slot) noexcept {
  const Layers& layers = first.layers;
  const bool is_tcp = layers.protocol == IPPROTO_TCP;
  const std::uint32_t header_bytes = std::uint32_t{layers.payload_offset} - layers.ip_offset;
  const bool is_jumbo = layers.ip_version == 6 && header_bytes + shape.payload_bytes > kMaxIpBytes;
  const std::uint32_t jumbo_bytes = is_jumbo ? ipv6::kExtensionUnitBytes : 0;
  ensure(kVirtioNetHeaderBytes + layers.payload_offset + jumbo_bytes <= slot.size(),
         "the headers of a merged packet fit their slot");

  std::byte* frame = slot.data() + kVirtioNetHeaderBytes;
  std::byte* ip = frame + layers.ip_offset;
  std::byte* transport = frame + layers.transport_offset + jumbo_bytes;
  std::memcpy(frame, first.frame, layers.transport_offset);
  std::memcpy(transport, first.frame + layers.transport_offset,
              std::uint32_t{layers.payload_offset} - layers.transport_offset);

  VirtioNetHeader header;
  const GsoType tcp_type = layers.ip_version == 4 ? GsoType::kTcpIpv4 : GsoType::kTcpIpv6;
  header.flags = VirtioNetHeader::kNeedsChecksum;
  header.gso_type = static_cast<std::uint8_t>(is_tcp ? tcp_type : GsoType::kUdpSegment);
  header.header_bytes = static_cast<std::uint16_t>(layers.payload_offset + jumbo_bytes);
  header.gso_size = static_cast<std::uint16_t>(segment_payload_bytes(first));
  header.checksum_start = static_cast<std::uint16_t>(layers.transport_offset + jumbo_bytes);
  header.checksum_offset = static_cast<std::uint16_t>(is_tcp ? tcp::kChecksum : udp::kChecksum);
  store_virtio_net_header(slot.data(), header);

  const std::uint32_t transport_bytes_before = first.frame_bytes - layers.transport_offset;
  if (!first.header.needs_checksum())  // the pseudo-header's sum replaces a complete checksum
    store_u16(transport + header.checksum_offset,
              sum_of_pseudo_header(ip, layers.protocol, transport_bytes_before));
  rewrite_transport_length(transport, is_tcp, transport_bytes_before,
                           shape.payload_bytes + layers.payload_offset - layers.transport_offset);
  rewrite_ip(ip, layers, shape.payload_bytes + header_bytes + jumbo_bytes);
  if (is_tcp && shape.push) transport[tcp::kFlags] |= std::byte{tcp::kPsh};
  return kVirtioNetHeaderBytes + layers.payload_offset + jumbo_bytes;
}

}  // namespace tunrelay
