// SPDX-License-Identifier: MIT
// Lengths, ID and checksums of headers whose packet becomes shorter (a run) or longer (a
// merged packet). The headers are copies in a slot; what they say of the old length is known.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packet/checksum.hpp"
#include "packet/packet.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// An IPv4 header of HEADER_BYTES for a packet of IP_BYTES with ID.
inline void rewrite_ipv4(std::byte* header, std::uint32_t header_bytes, std::uint32_t ip_bytes,
                         std::uint16_t id) noexcept {
  store_u16(header + ipv4::kTotalLength, static_cast<std::uint16_t>(ip_bytes));
  store_u16(header + ipv4::kId, id);
  store_u16(header + ipv4::kChecksum, 0);
  const std::uint16_t sum = header_bytes == ipv4::kHeaderBytes ? sum_of_ipv4_header(header)
                                                               : sum_of({header, header_bytes});
  store_u16(header + ipv4::kChecksum, invert_sum(sum));
}

inline void rewrite_ipv6(std::byte* header, std::uint32_t ip_bytes) noexcept {
  store_u16(header + ipv6::kPayloadLength,
            static_cast<std::uint16_t>(ip_bytes - ipv6::kHeaderBytes));
}

/// The length of a TCP or UDP header and its payload changes: in the pseudo-header's sum that
/// stands in the checksum field, and in UDP's own length field. Lengths of 32 bits are two words
/// of that sum (RFC 2675, 4).
inline void rewrite_transport_length(std::byte* header, bool is_tcp, std::uint32_t bytes_before,
                                     std::uint32_t bytes_after) noexcept {
  std::byte* checksum = header + (is_tcp ? tcp::kChecksum : udp::kChecksum);
  const std::uint16_t low = update_sum(load_u16(checksum), static_cast<std::uint16_t>(bytes_before),
                                       static_cast<std::uint16_t>(bytes_after));
  store_u16(checksum, update_sum(low, static_cast<std::uint16_t>(bytes_before >> 16),
                                 static_cast<std::uint16_t>(bytes_after >> 16)));
  if (!is_tcp) store_u16(header + udp::kLength, static_cast<std::uint16_t>(bytes_after));
}

}  // namespace tunrelay
