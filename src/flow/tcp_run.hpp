// SPDX-License-Identifier: MIT
// What a run of wire segments says as TCP: the header's fields as they would stand in its first
// segment, and where its last one ends.
#pragma once

#include <cstdint>

#include "flow/sequence_number.hpp"
#include "packet/packet.hpp"
#include "packet/tcp_options.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

struct TcpRun {
  std::uint32_t sequence = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t segment_bytes = 0;  ///< payload of each wire segment but the last
  std::uint32_t acknowledgement = 0;
  std::uint16_t window = 0;
  std::uint8_t flags = 0;  ///< FIN only where the run has the packet's last segment
  TcpOptions options;

  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  /// Sequence numbers that it takes: SYN and FIN take one each (RFC 9293, section 3.4).
  [[nodiscard]] SequenceRange range() const noexcept {
    return {sequence,
            sequence + payload_bytes + (has(tcp::kSyn) ? 1U : 0U) + (has(tcp::kFin) ? 1U : 0U)};
  }
  [[nodiscard]] std::uint32_t segments() const noexcept {
    return payload_bytes <= segment_bytes ? 1 : (payload_bytes + segment_bytes - 1) / segment_bytes;
  }
  /// The numbers of wire segment INDEX.
  [[nodiscard]] SequenceRange segment_range(std::uint32_t index) const noexcept {
    const SequenceRange all = range();
    const std::uint32_t begin = sequence + index * segment_bytes;
    return {begin, index + 1 >= segments() ? all.end : begin + segment_bytes};
  }
};

/// Payload bytes of PACKET's run, TCP or UDP: an Ethernet frame may be padded after them.
[[nodiscard]] std::uint32_t run_payload_bytes(const Packet& packet) noexcept;

/// PACKET is TCP with its whole header there (payload_offset not 0).
[[nodiscard]] TcpRun tcp_run(const Packet& packet) noexcept;

}  // namespace tunrelay
