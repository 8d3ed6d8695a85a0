// SPDX-License-Identifier: MIT
// The Internet checksum: RFC 1071, its update when a field changes (RFC 1624), and the sum of
// the pseudo-header that TCP and UDP add to it. A sum here is the ones-complement sum of
// 16-bit words, folded to 16 bits and not inverted; a checksum is a sum inverted. Both are
// plain numbers: store_u16() puts them into a header.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/packet.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// The sum of BYTES (the last word of an odd number is filled with a zero byte) and INITIAL,
/// the sum of what stands before them, an even number of bytes. 0 only when all is zero.
[[nodiscard]] std::uint16_t sum_of(std::span<const std::byte> bytes,
                                   std::uint16_t initial = 0) noexcept;

/// The same, and a copy of BYTES at TO, which does not overlap: in one pass.
[[nodiscard]] std::uint16_t copy_and_sum(std::span<const std::byte> bytes, std::byte* to,
                                         std::uint16_t initial = 0) noexcept;

/// The same sum for the 20 bytes of an IPv4 header without options: 0xffff when its checksum holds.
[[nodiscard]] inline std::uint16_t sum_of_ipv4_header(const std::byte* header) noexcept {
  std::uint64_t sum = load_raw<std::uint32_t>(header);
  for (const std::size_t at : {4U, 8U, 12U, 16U}) sum += load_raw<std::uint32_t>(header + at);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return swap_network(static_cast<std::uint16_t>(sum));
}

[[nodiscard]] constexpr std::uint16_t add_sums(std::uint16_t left, std::uint16_t right) noexcept {
  const std::uint32_t sum = std::uint32_t{left} + right;
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

[[nodiscard]] constexpr std::uint16_t invert_sum(std::uint16_t sum) noexcept {
  return static_cast<std::uint16_t>(~sum);
}

/// What stands in a TCP or UDP header for SUM. Zero would mean "no checksum" in UDP; 0xffff is the
/// same number (RFC 768), and skb_checksum_help() of the kernel writes it whatever the protocol.
[[nodiscard]] constexpr std::uint16_t transport_checksum(std::uint16_t sum) noexcept {
  return sum == 0xffff ? sum : invert_sum(sum);
}

/// SUM, in which one word changed from BEFORE to AFTER. Never 0 when AFTER is not.
[[nodiscard]] constexpr std::uint16_t update_sum(std::uint16_t sum, std::uint16_t before,
                                                 std::uint16_t after) noexcept {
  return add_sums(add_sums(sum, invert_sum(before)), after);
}

/// RFC 1624, equation 3: the checksum of a header in which one word changed.
[[nodiscard]] constexpr std::uint16_t update_checksum(std::uint16_t checksum, std::uint16_t before,
                                                      std::uint16_t after) noexcept {
  return invert_sum(update_sum(invert_sum(checksum), before, after));
}

/// The pseudo-header of the IPv4 or IPv6 header at IP (RFC 9293, 3.1; RFC 8200, 8.1): both
/// addresses, the protocol, and the transport header and payload's length.
[[nodiscard]] std::uint16_t sum_of_pseudo_header(const std::byte* ip, std::uint8_t protocol,
                                                 std::uint32_t transport_bytes) noexcept;

/// What is known of the checksum of a packet's transport header.
enum class TransportChecksum : std::uint8_t {
  kValid,
  kWrong,
  kPending,  ///< to be completed by whoever puts the packet on a wire (NEEDS_CSUM)
  kAbsent,   ///< UDP without one
  kUnknown,  ///< a fragment, another protocol, or IPv6 with extension headers
};

/// Of TCP, UDP, ICMP or ICMPv6. For a packet that parse() accepted; reads all of its bytes.
[[nodiscard]] TransportChecksum check_transport_checksum(const Packet& packet) noexcept;

/// Writes the checksum that HEADER leaves to be completed (NEEDS_CSUM) into FRAME, and clears
/// that flag. FRAME is the whole frame, in one piece, with the header that parse() accepted or
/// that a run was built with; a super-packet gets the checksum of one large packet. Does
/// nothing when nothing is left to do.
void complete_checksum(std::span<std::byte> frame, VirtioNetHeader& header) noexcept;

}  // namespace tunrelay
