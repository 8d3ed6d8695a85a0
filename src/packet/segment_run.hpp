// SPDX-License-Identifier: MIT
// A run of wire segments of a super-packet as a packet of its own. A stage that drops segment
// 7 of 45 leaves the runs [0, 7) and [8, 45) of one buffer; each is written with headers of its
// own and its slice of the payload, and the receiver sees just those segments.
//
// The headers are what the kernel's own segmentation gives the run's segments, before the last
// cut (net/ipv4/tcp_offload.c: tcp_gso_segment(), net/ipv4/udp_offload.c: __udp_gso_segment(),
// net/ipv4/af_inet.c: inet_gso_segment(), net/ipv6/ip6_offload.c: ipv6_gso_segment()):
//  - IPv4 total length and header checksum, IPv6 payload length, UDP length: of the run;
//  - IPv4 ID: that of the super-packet plus the number of its first segment;
//  - TCP sequence: plus the payload before the run; FIN and PSH with the last segment only;
//    CWR with the first only, but with every one under GSO_ACCECN;
//  - the transport checksum stays the pseudo-header's sum, with the new length in it. It is
//    updated, not computed: a wrong one stays as wrong as it was.
//  - on every segment, the change of the traffic class that Packet::traffic_class has.
// A run of one segment is not a GSO packet and keeps its checksum to be completed.
#pragma once

#include <cstddef>
#include <span>

#include "packet/gather.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// Makes PIECES the packet's run, ready for one gather write that begins with the virtio-net
/// header, and returns how many pieces there are (at most kMaxRunPieces). PACKET is one that
/// parse() accepted, its run not empty and within its segments.
///
/// A whole packet is one piece, just as it was read: PACKET.header is put into the
/// kVirtioNetHeaderBytes before the frame, which must be there; SLOT is not used.
/// A part of one, or one whose traffic class changes, is built in SLOT, and the frame is not
/// touched.
[[nodiscard]] std::size_t build_run(const Packet& packet, HeaderSlot& slot,
                                    std::span<iovec, kMaxRunPieces> pieces) noexcept;

}  // namespace tunrelay
