// SPDX-License-Identifier: MIT
#include "packet/merge_rules.hpp"

#include <netinet/in.h>

#include <cstring>

#include "packet/checksum.hpp"
#include "packet/layers.hpp"
#include "packet/parse.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

std::uint32_t payload_bytes_of(const Packet& packet) noexcept {
  return packet.frame_bytes - packet.layers.payload_offset;
}

bool has_plain_ip_header(const Layers& layers) noexcept {
  const std::uint32_t header_bytes =
      layers.ip_version == 4 ? ipv4::kHeaderBytes : ipv6::kHeaderBytes;
  return std::uint32_t{layers.transport_offset} - layers.ip_offset == header_bytes;
}

MergeRole tcp_role(const Packet& packet, const std::byte* header) noexcept {
  // The reserved bits stand between the data offset and the flags.
  constexpr std::uint16_t kAllFlags = 0x0fff;
  const std::uint16_t flags = load_u16(header + tcp::kDataOffset) & kAllFlags;
  if (packet.header.is_gso())
    return (flags & ~tcp::kPsh) == tcp::kAck ? MergeRole::kSuperPacket : MergeRole::kLoner;
  if (flags == (tcp::kAck | tcp::kPsh)) return MergeRole::kCloser;
  if (flags != tcp::kAck) return MergeRole::kLoner;
  // A shorter one could not be the size of a group's segments.
  return payload_bytes_of(packet) < kMinTcpSegmentBytes ? MergeRole::kCloser : MergeRole::kOpener;
}

MergeRole udp_role(const Packet& packet, const std::byte* header) noexcept {
  const bool fits =
      load_u16(header + udp::kLength) == packet.frame_bytes - packet.layers.transport_offset;
  return fits && load_u16(header + udp::kChecksum) != 0 ? MergeRole::kOpener : MergeRole::kLoner;
}

/// The bytes before the transport header, but for lengths, ID and checksum.
bool has_same_network_header(const Packet& left, const Packet& right) noexcept {
  const std::size_t link_bytes = left.layers.ip_offset;
  if (link_bytes != 0 && std::memcmp(left.frame, right.frame, link_bytes) != 0) return false;
  const std::byte* left_ip = left.frame + link_bytes;
  const std::byte* right_ip = right.frame + link_bytes;
  if (left.layers.ip_version == 4)
    // Version, header length and type of service; fragment flags, TTL and protocol.
    return load_raw<std::uint16_t>(left_ip) == load_raw<std::uint16_t>(right_ip) &&
           load_raw<std::uint32_t>(left_ip + ipv4::kFragment) ==
               load_raw<std::uint32_t>(right_ip + ipv4::kFragment);
  // Version, traffic class and flow label; next header and hop limit.
  return load_raw<std::uint32_t>(left_ip) == load_raw<std::uint32_t>(right_ip) &&
         load_raw<std::uint16_t>(left_ip + ipv6::kNextHeader) ==
             load_raw<std::uint16_t>(right_ip + ipv6::kNextHeader);
}

/// Sequence in order, and nothing else different but PSH and the checksum.
bool tcp_goes_on(const OpenGroup& group, const Packet& packet) noexcept {
  const std::byte* first = group.first->frame + group.first->layers.transport_offset;
  const std::byte* next = packet.frame + packet.layers.transport_offset;
  const std::uint32_t difference =
      load_u32(first + tcp::kDataOffset) ^ load_u32(next + tcp::kDataOffset);
  constexpr std::uint32_t kPshInWord = std::uint32_t{tcp::kPsh} << 16;
  return load_u32(next + tcp::kSequence) ==
             load_u32(first + tcp::kSequence) + group.payload_bytes &&
         load_raw<std::uint32_t>(next + tcp::kAcknowledgement) ==
             load_raw<std::uint32_t>(first + tcp::kAcknowledgement) &&
         (difference & ~kPshInWord) == 0 &&
         load_raw<std::uint16_t>(next + tcp::kUrgent) ==
             load_raw<std::uint16_t>(first + tcp::kUrgent) &&
         std::memcmp(next + tcp::kHeaderBytes, first + tcp::kHeaderBytes,
                     std::uint32_t{packet.layers.payload_offset} - packet.layers.transport_offset -
                         tcp::kHeaderBytes) == 0;
}

/// Whether the IPv4 IDs can come back from a segmentation; decides the group's step.
bool id_goes_on(OpenGroup& group, const Packet& packet, const MergeRules& rules) noexcept {
  const std::byte* first = group.first->frame + group.first->layers.ip_offset;
  const std::byte* next = packet.frame + packet.layers.ip_offset;
  const auto distance =
      static_cast<std::uint16_t>(load_u16(next + ipv4::kId) - load_u16(first + ipv4::kId));
  if (distance == group.segments && group.id_step != IdStep::kConstant) {
    group.id_step = IdStep::kCountsUp;
    return true;
  }
  const bool is_atomic = (load_u16(first + ipv4::kFragment) & ipv4::kDontFragment) != 0;
  if (distance != 0 || !is_atomic || !rules.renumber_atomic || group.id_step == IdStep::kCountsUp)
    return false;
  group.id_step = IdStep::kConstant;
  return true;
}

/// Whether a checksum that the sender completed will come out of a segmentation again.
bool has_restorable_checksum(const Packet& packet) noexcept {
  const std::byte* header = packet.frame + packet.layers.transport_offset;
  if (packet.layers.protocol == IPPROTO_TCP) {
    // 0 and 0xffff are the same number, and which one comes out depends on who completes it.
    const std::uint16_t checksum = load_u16(header + tcp::kChecksum);
    if (checksum == 0 || checksum == 0xffff) return false;
  }
  return check_transport_checksum(packet) == TransportChecksum::kValid;
}

/// The same for the IPv4 header. 0xffff for 0 passes as valid, but never comes out again.
bool has_restorable_ip_checksum(const Packet& packet) noexcept {
  const std::byte* ip = packet.frame + packet.layers.ip_offset;
  return packet.layers.ip_version != 4 ||
         (sum_of_ipv4_header(ip) == 0xffff && load_u16(ip + ipv4::kChecksum) != 0xffff);
}

/// What the checksum field of a packet whose checksum is pending holds beyond its length.
std::uint16_t pending_sum_without_length(const Packet& packet) noexcept {
  const std::byte* header = packet.frame + packet.layers.transport_offset;
  const std::size_t field = packet.layers.protocol == IPPROTO_TCP ? tcp::kChecksum : udp::kChecksum;
  const auto length =
      static_cast<std::uint16_t>(packet.frame_bytes - packet.layers.transport_offset);
  return update_sum(load_u16(header + field), length, 0);
}

bool checksums_hold(OpenGroup& group, const Packet& packet) noexcept {
  const bool is_pending = packet.header.needs_checksum();
  if (!group.first_verified) {
    if (!has_restorable_ip_checksum(*group.first)) return false;
    if (!is_pending && !has_restorable_checksum(*group.first)) return false;
    group.first_verified = true;
  }
  if (!has_restorable_ip_checksum(packet)) return false;
  if (!is_pending) return has_restorable_checksum(packet);
  // A sum may be wrong, but then both must be wrong by the same number.
  return pending_sum_without_length(packet) == pending_sum_without_length(*group.first);
}

}  // namespace

MergeRole merge_role(const Packet& packet) noexcept {
  const Layers& layers = packet.layers;
  const bool is_tcp = layers.protocol == IPPROTO_TCP;
  if (layers.payload_offset == 0) {
    const bool is_other_protocol = !is_tcp && layers.protocol != IPPROTO_UDP;
    return layers.ip_version == 0 || (layers.transport_offset != 0 && is_other_protocol)
               ? MergeRole::kBystander
               : MergeRole::kUnknownFlow;
  }
  if (packet.header.is_gso() && (!is_tcp || !packet.is_whole())) return MergeRole::kLoner;
  if (packet.traffic_class.any() || packet.frame_bytes == layers.payload_offset)
    return MergeRole::kLoner;
  if (!has_plain_ip_header(layers) || ip_end_offset(packet.bytes(), layers) != packet.frame_bytes)
    return MergeRole::kLoner;
  if (packet.header.needs_checksum() &&
      (packet.header.checksum_start != layers.transport_offset ||
       packet.header.checksum_offset != (is_tcp ? tcp::kChecksum : udp::kChecksum)))
    return MergeRole::kLoner;
  const std::byte* header = packet.frame + layers.transport_offset;
  return is_tcp ? tcp_role(packet, header) : udp_role(packet, header);
}

bool may_join(OpenGroup& group, const Packet& packet, const MergeRules& rules) noexcept {
  const Packet& first = *group.first;
  const Layers& layers = packet.layers;
  const bool is_tcp = layers.protocol == IPPROTO_TCP;
  const bool is_big = is_tcp && rules.big_tcp;
  const std::uint32_t ip_bytes =
      group.payload_bytes + payload_bytes_of(packet) + layers.payload_offset - layers.ip_offset;
  // A super-packet that goes on has segments of the same size, another packet is one at most.
  const bool fits_segments = packet.header.is_gso()
                                 ? packet.header.gso_size == group.segment_bytes
                                 : payload_bytes_of(packet) <= group.segment_bytes;
  return fits_segments && ip_bytes <= (is_big ? kMaxBigTcpBytes : kMaxIpBytes) &&
         group.segments + packet.segments() <=
             (is_tcp ? kMaxMergedTcpSegments : kMaxMergedUdpSegments) &&
         layers.ip_offset == first.layers.ip_offset &&
         layers.transport_offset == first.layers.transport_offset &&
         layers.payload_offset == first.layers.payload_offset &&
         packet.header.needs_checksum() == first.header.needs_checksum() &&
         has_same_network_header(first, packet) && (!is_tcp || tcp_goes_on(group, packet)) &&
         (layers.ip_version == 6 || id_goes_on(group, packet, rules)) &&
         checksums_hold(group, packet);
}

}  // namespace tunrelay
