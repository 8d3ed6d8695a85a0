// SPDX-License-Identifier: MIT
// Cuts a super-packet into its wire segments one by one, as the kernel's segmentation does
// (tcp_gso_segment(), __udp_gso_segment(), inet_gso_segment(), ipv6_gso_segment()): each
// segment is a copy of the headers and its slice of the payload, every field set again.
#pragma once

#include <optional>
#include <vector>

#include "support/naive_packet.hpp"

namespace tunrelay::test {

/// FRAME: a valid one of TCP or UDP. One that is not a super-packet comes back as it is. The
/// segments' checksums are pending, as FRAME's is.
[[nodiscard]] std::vector<Frame> segment_naively(const Frame& frame, LinkType link_type);

/// A super-packet of more than 64 KiB without what stands for its length: IPv4's length 0, IPv6's
/// jumbo payload option (ipv6_hopopt_jumbo_remove() in include/net/ipv6.h). Others as they are.
/// Nothing when the length is not stated as it must be.
[[nodiscard]] std::optional<Frame> with_plain_lengths(const Frame& frame, LinkType link_type);

/// Where the IP header of a frame begins; VLAN tags are looked through.
[[nodiscard]] std::size_t naive_ip_offset(std::span<const std::byte> frame, LinkType link_type);

}  // namespace tunrelay::test
