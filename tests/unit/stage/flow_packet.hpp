// SPDX-License-Identifier: MIT
// Packets of flows that differ by a port.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/accepted_packet.hpp"

namespace tunrelay::test {

/// TCP of IPv4 with 40 bytes of headers; a super-packet beyond 1448 bytes of payload.
inline OwnedPacket flow_packet(BufferId buffer, std::uint16_t flow, std::size_t payload_bytes,
                               std::uint8_t traffic_class = 0) {
  PacketSpec spec;
  spec.source_port = static_cast<std::uint16_t>(1000 + flow);
  spec.traffic_class = traffic_class;
  spec.payload = counting_bytes(payload_bytes);
  if (payload_bytes > 1448) spec.gso_size = 1448;
  return accepted_packet(build_frame(spec), buffer);
}

}  // namespace tunrelay::test
