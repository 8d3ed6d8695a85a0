// SPDX-License-Identifier: MIT
// The headers of a super-packet that is made of several packets of one flow. Up to 64 KiB they are
// those of any super-packet. Beyond that a length no longer fits its field, and the kernel's own
// "BIG TCP" shows the way:
//  - IPv4: the total length is 0, and the packet is as long as what was written
//    (skb_ip_totlen() in include/linux/ip.h, Linux 6.3);
//  - IPv6: the payload length is 0, and a hop-by-hop header with the jumbo payload option
//    (RFC 2675) stands between the IPv6 header and TCP (ip6_rcv_core() in net/ipv6/ip6_input.c).
#pragma once

#include <cstddef>
#include <cstdint>

#include "packet/gather.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// What a merged packet is, beside its first packet's headers.
struct MergedShape {
  std::uint32_t payload_bytes = 0;  ///< of all packets
  bool push = false;                ///< TCP: PSH, on the last segment
};

/// Puts the virtio-net header and all headers of the frame into SLOT, and returns how many bytes
/// they are. FIRST: the packet that the group begins with, by merge_rules.hpp; its frame is not
/// touched.
[[nodiscard]] std::size_t build_merged_headers(const Packet& first, const MergedShape& shape,
                                               HeaderSlot& slot) noexcept;

}  // namespace tunrelay
