// SPDX-License-Identifier: MIT
#include "flow/tcp_run.hpp"

#include <algorithm>

#include "packet/layers.hpp"

namespace tunrelay {

std::uint32_t run_payload_bytes(const Packet& packet) noexcept {
  if (packet.header.is_gso()) {
    const std::uint32_t payload = packet.frame_bytes - packet.layers.payload_offset;
    const std::uint32_t size = packet.header.gso_size;
    return std::min(payload, packet.run.last * size) - std::min(payload, packet.run.first * size);
  }
  const std::uint32_t end =
      std::min(ip_end_offset(packet.bytes(), packet.layers), packet.frame_bytes);
  return end - std::min<std::uint32_t>(end, packet.layers.payload_offset);
}

TcpRun tcp_run(const Packet& packet) noexcept {
  const std::byte* header = packet.frame + packet.layers.transport_offset;
  TcpRun run;
  run.payload_bytes = run_payload_bytes(packet);
  run.segment_bytes = packet.header.is_gso() ? packet.header.gso_size : run.payload_bytes;
  run.sequence = load_u32(header + tcp::kSequence) + packet.run.first * run.segment_bytes;
  run.acknowledgement = load_u32(header + tcp::kAcknowledgement);
  run.window = load_u16(header + tcp::kWindow);
  run.flags = load_u8(header + tcp::kFlags);
  if (packet.header.is_gso() && packet.run.last != packet.segments())
    run.flags &= static_cast<std::uint8_t>(~tcp::kFin);
  run.options =
      read_tcp_options(packet.bytes()
                           .subspan(packet.layers.transport_offset,
                                    packet.layers.payload_offset - packet.layers.transport_offset)
                           .subspan(tcp::kHeaderBytes));
  return run;
}

}  // namespace tunrelay
