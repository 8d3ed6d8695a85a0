// SPDX-License-Identifier: MIT
// What a router answers where a packet is too long for the next link: ICMPv4 "fragmentation
// needed" (RFC 792, with the next-hop MTU of RFC 1191) and ICMPv6 "packet too big" (RFC 4443).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/layers.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// The longest answer: an Ethernet header with tags, and what an IPv6 link carries at least.
inline constexpr std::size_t kMaxTooBigBytes =
    ethernet::kHeaderBytes + kMaxVlanTags * ethernet::kVlanTagBytes + ipv6::kMinMtu;

/// Whether a router may answer FRAME, a wire segment of these LAYERS, by "too big": an IPv4 packet
/// that must not be fragmented, or an IPv6 packet, but no ICMP error, no later fragment, nothing
/// from or to more than one host (RFC 1122, 3.2.2; RFC 1812, 4.3.2.7; RFC 4443, 2.4). A packet to
/// an IPv6 multicast address might be answered (2.4, e.3), from an address that we don't have.
///
/// The broadcast address of a subnet is not known as one here. A kernel refuses an answer that
/// comes from there.
[[nodiscard]] bool may_answer_too_big(std::span<const std::byte> frame,
                                      const Layers& layers) noexcept;

/// Makes OUT the answer to FRAME, for which may_answer_too_big() holds, and returns its bytes; its
/// Ethernet header is that of FRAME with the addresses swapped. It comes from the address that
/// FRAME goes to: the sender's kernel expects packets from there on this very device, so that
/// neither rp_filter nor a check for Martians is in the way, whatever is routed across. It quotes
/// what fits 576 bytes of IPv4 (RFC 1812, 4.3.2.3), or MTU_BYTES where that is less, and 1280 of
/// IPv6. MTU_BYTES is at least 68.
[[nodiscard]] std::size_t make_too_big(std::span<const std::byte> frame, const Layers& layers,
                                       std::uint32_t mtu_bytes,
                                       std::span<std::byte, kMaxTooBigBytes> out) noexcept;

}  // namespace tunrelay
