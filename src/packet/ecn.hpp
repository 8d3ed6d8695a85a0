// SPDX-License-Identifier: MIT
// Explicit congestion notification, RFC 3168: the two lower bits of IPv4's type of service and of
// IPv6's traffic class. A sender that understands it sets ECT(0) or ECT(1); a router that would
// drop the packet for congestion may set CE, "congestion experienced", instead.
#pragma once

#include "packet/checksum.hpp"
#include "packet/packet.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// The bytes of an IP header that a mark changes, from its start: all up to IPv4's checksum.
inline constexpr std::uint32_t kEcnHeaderBytes = ipv4::kHeaderBytes;

/// The ECN field of PACKET, which parse() accepted, as it leaves: 0 not capable, 1 ECT(1), 2
/// ECT(0), 3 CE. Of what is not IP it is 0.
[[nodiscard]] inline std::uint8_t ecn_of(const Packet& packet) noexcept {
  if (packet.layers.ip_version == 0) return 0;
  const std::uint8_t second = load_u8(packet.frame + packet.layers.ip_offset + 1);
  const auto field =
      static_cast<std::uint8_t>((packet.layers.ip_version == 4 ? second : second >> 4) & 0x03);
  return packet.ce_marked && field != 0 ? 3 : field;
}

/// Whether PACKET may be marked: it is ECT(0), ECT(1) or CE already.
[[nodiscard]] inline bool is_ecn_capable(const Packet& packet) noexcept {
  return ecn_of(packet) != 0;
}

/// Whether PACKET, which is IPv4 or IPv6, bears CE: as it was read, or by a mark of its run.
[[nodiscard]] inline bool has_congestion_mark(const Packet& packet) noexcept {
  const std::uint8_t field = load_u8(packet.frame + packet.layers.ip_offset + 1);
  const std::uint8_t mark = packet.layers.ip_version == 4 ? 0x03 : 0x30;
  return packet.ce_marked || (field & mark) == mark;
}

/// Sets CE in the IP header at IP. IPv4's checksum is updated: a wrong one stays as wrong.
inline void mark_congestion(std::byte* ip) noexcept {
  if (load_u8(ip) >> 4 == 6) {
    ip[1] |= std::byte{0x30};
    return;
  }
  const std::uint16_t before = load_u16(ip);
  ip[1] |= std::byte{0x03};
  store_u16(ip + ipv4::kChecksum,
            update_checksum(load_u16(ip + ipv4::kChecksum), before, load_u16(ip)));
}

}  // namespace tunrelay
