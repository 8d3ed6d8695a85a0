// SPDX-License-Identifier: MIT
// The traffic class of an IP packet (IPv4: type of service): DSCP, RFC 2474, in its six upper bits,
// and explicit congestion notification, RFC 3168, in the two lower ones. A sender that understands
// ECN sets ECT(0) or ECT(1); a router that would drop the packet for congestion may set CE,
// "congestion experienced", instead.
#pragma once

#include "packet/checksum.hpp"
#include "packet/packet.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// The bytes of an IP header that a change touches, from its start: all up to IPv4's checksum.
inline constexpr std::uint32_t kTrafficClassHeaderBytes = ipv4::kHeaderBytes;
inline constexpr std::uint8_t kEcnMask = 0x03;
inline constexpr std::uint8_t kEcnCe = 0x03;
inline constexpr std::uint8_t kDscpMask = 0xfc;

/// That of PACKET, which parse() accepted, as it leaves. Of what is not IP it is 0.
[[nodiscard]] inline std::uint8_t traffic_class_of(const Packet& packet) noexcept {
  if (packet.layers.ip_version == 0) return 0;
  const std::uint16_t start = load_u16(packet.frame + packet.layers.ip_offset);
  return packet.traffic_class.of(
      static_cast<std::uint8_t>(packet.layers.ip_version == 4 ? start : start >> 4));
}

/// Its ECN field: 0 not capable, 1 ECT(1), 2 ECT(0), 3 CE.
[[nodiscard]] inline std::uint8_t ecn_of(const Packet& packet) noexcept {
  return traffic_class_of(packet) & kEcnMask;
}

/// Whether PACKET may be marked: it is ECT(0), ECT(1) or CE already.
[[nodiscard]] inline bool is_ecn_capable(const Packet& packet) noexcept {
  return ecn_of(packet) != 0;
}

/// PACKET leaves with CE, where it may be marked.
inline void mark_congestion(Packet& packet) noexcept {
  if (is_ecn_capable(packet)) packet.traffic_class.add({.mask = kEcnMask, .value = kEcnCe});
}

/// Whether a stage has marked PACKET.
[[nodiscard]] inline bool is_marked(const Packet& packet) noexcept {
  return (packet.traffic_class.value & kEcnMask) == kEcnCe;
}

/// Makes CHANGE in the IP header at IP. IPv4's checksum is updated: a wrong one stays as wrong.
inline void change_traffic_class(std::byte* ip, TrafficClassChange change) noexcept {
  const std::uint16_t before = load_u16(ip);
  const bool is_ipv6 = before >> 12 == 6;
  const unsigned shift = is_ipv6 ? 4 : 0;
  const auto now = static_cast<std::uint16_t>(
      (before & ~(0xffU << shift)) |
      std::uint32_t{change.of(static_cast<std::uint8_t>(before >> shift))} << shift);
  store_u16(ip, now);
  if (!is_ipv6)
    store_u16(ip + ipv4::kChecksum, update_checksum(load_u16(ip + ipv4::kChecksum), before, now));
}

}  // namespace tunrelay
