// SPDX-License-Identifier: MIT
// One line of text for a packet, for a trace:
//   IPv4 ICMP 192.168.13.1 > 192.168.13.2 echo request id 7 seq 1
//   IPv4 TCP 192.168.13.1:40000 > 192.168.13.2:5201 [PA] 1448 x 45 seq 1 ack 1 win 502
//   IPv6 UDP [fd13::1]:40000 > [fd13::2]:5201 1400 x 7, segments 8 to 14 of 40
//   ARP who has 192.168.13.2, tell 192.168.13.1
// Numbers behind TCP and UDP are payload bytes; N x COUNT those of a segment and how many
// segments, of which the last may be shorter. A path probe of ours is named as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "packet/packet.hpp"

namespace tunrelay {

/// What a trace keeps of a packet: its first bytes, and what is known beside them. The more
/// bytes, the more text; 128 are enough for all but long extension headers.
struct PacketGlimpse {
  std::span<const std::byte> bytes;  ///< the first bytes of the frame, perhaps all
  std::uint32_t frame_bytes = 0;     ///< of the whole frame
  LinkType link_type = LinkType::kIp;
  VirtioNetHeader header;
  SegmentRun run;
};

/// Safe on any bytes; what can't be read is left out or called malformed. Allocates, so it is
/// not for the data path.
[[nodiscard]] std::string describe(const PacketGlimpse& glimpse);

}  // namespace tunrelay
