// SPDX-License-Identifier: MIT
#include "packet/parse.hpp"

#include <netinet/in.h>

#include <algorithm>

#include "packet/layers.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

constexpr std::uint8_t kKnownFlags = VirtioNetHeader::kNeedsChecksum | VirtioNetHeader::kDataValid;

/// What the kernel requires of a checksum to be completed (skb_partial_csum_set() and
/// virtio_net_hdr_to_skb()): the field lies in the frame, behind a network header.
bool checksum_field_fits(const Packet& packet) noexcept {
  const std::uint32_t start = packet.header.checksum_start;
  return start >= packet.layers.ip_offset + ipv4::kHeaderBytes &&
         start + packet.header.checksum_offset + 2U <= packet.frame_bytes;
}

/// The GSO type, the IP version and the protocol go together, and so do the ECN bits.
bool gso_type_fits(const Packet& packet) noexcept {
  const Layers& layers = packet.layers;
  switch (packet.header.type()) {
    case GsoType::kTcpIpv4:
      return layers.ip_version == 4 && layers.protocol == IPPROTO_TCP;
    case GsoType::kTcpIpv6:
      return layers.ip_version == 6 && layers.protocol == IPPROTO_TCP;
    case GsoType::kUdpSegment:
      return layers.ip_version != 0 && layers.protocol == IPPROTO_UDP &&
             packet.header.gso_type == static_cast<std::uint8_t>(GsoType::kUdpSegment);
    case GsoType::kNone:
      break;
  }
  return false;
}

/// Whether a super-packet can be cut as its virtio-net header says.
bool gso_fits(const Packet& packet) noexcept {
  const Layers& layers = packet.layers;
  const VirtioNetHeader& header = packet.header;
  if (!gso_type_fits(packet) || layers.payload_offset == 0) return false;
  // The lengths span all segments, and nothing stands behind them.
  if (ip_end_offset(packet.bytes(), layers) != packet.frame_bytes) return false;
  const bool is_tcp = layers.protocol == IPPROTO_TCP;
  if (!header.needs_checksum() || header.checksum_start != layers.transport_offset ||
      header.checksum_offset != (is_tcp ? tcp::kChecksum : udp::kChecksum))
    return false;
  constexpr std::uint16_t kGsoByFrags = 0xffff;  // GSO_BY_FRAGS: the kernel keeps it for itself
  if (header.gso_size == kGsoByFrags) return false;
  if (is_tcp) return header.gso_size >= kMinTcpSegmentBytes;
  const std::uint32_t payload_bytes = packet.frame_bytes - layers.payload_offset;
  const std::uint16_t length = load_u16(packet.frame + layers.transport_offset + udp::kLength);
  return header.gso_size != 0 && payload_bytes <= header.gso_size * kMaxUdpSegments &&
         length == payload_bytes + udp::kHeaderBytes;
}

/// Clears what has no meaning without GSO or without a checksum to complete.
void put_in_order(VirtioNetHeader& header, const Layers& layers) noexcept {
  header.flags &= kKnownFlags;
  header.header_bytes = header.is_gso() ? layers.payload_offset : std::uint16_t{0};
  if (!header.is_gso()) header.gso_size = 0;
  if (!header.needs_checksum()) header.checksum_start = header.checksum_offset = 0;
}

}  // namespace

std::optional<DropReason> parse(Packet& packet, const LinkLimits& limits) noexcept {
  packet.run = {};
  if (const auto fault =
          find_layers(packet.bytes(), packet.frame_bytes, limits.type, packet.layers))
    return fault;
  VirtioNetHeader& header = packet.header;
  if (header.needs_checksum() && !checksum_field_fits(packet)) return DropReason::kBadOffload;

  std::uint32_t segments = 1;
  std::uint32_t wire_bytes = packet.frame_bytes;
  if (header.is_gso()) {
    if (!gso_fits(packet)) return DropReason::kBadOffload;
    wire_bytes =
        std::min(wire_bytes, std::uint32_t{packet.layers.payload_offset} + header.gso_size);
    if (wire_bytes == packet.frame_bytes)
      header.gso_type = 0;
    else
      segments = packet.segments();
  }
  if (wire_bytes - packet.layers.ip_offset > limits.mtu_bytes) return DropReason::kOverMtu;
  put_in_order(header, packet.layers);
  packet.run = {0, static_cast<std::uint16_t>(segments)};
  return std::nullopt;
}

}  // namespace tunrelay
