// SPDX-License-Identifier: MIT
// One wire segment of a packet as it would stand on a wire: a frame of its own in one piece,
// without a virtio-net header, its checksums computed. For whoever changes a segment or shows
// it to somebody outside; whoever only writes it leaves both to the kernel (segment_run.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/packet.hpp"

namespace tunrelay {

/// Puts segment NUMBER into OUT, which has room for wire_segment_bytes(), and returns how many
/// bytes those are. PACKET is one that parse() accepted; it is not changed. The headers are those
/// of the kernel's own segmentation, as build_run() makes them; a run's change of its traffic class
/// is in them.
std::size_t copy_wire_segment(const Packet& packet, std::uint16_t number,
                              std::span<std::byte> out) noexcept;

/// The same for its headers alone: those are put into OUT, which has room for wire_header_bytes(),
/// the transport checksum as it is, or pending where the packet's header says so; and its payload
/// is returned where it lies. BEFORE is empty, or has the headers of the segment before, of the
/// same packet: that is faster, since most headers differ in a number or two.
[[nodiscard]] std::span<const std::byte> copy_wire_headers(
    const Packet& packet, std::uint16_t number, std::span<std::byte> out,
    std::span<const std::byte> before = {}) noexcept;

/// Up to TCP's or UDP's payload; all of a segment that has no such header.
[[nodiscard]] inline std::size_t wire_header_bytes(const Packet& packet) noexcept {
  return packet.layers.payload_offset == 0 ? packet.frame_bytes : packet.layers.payload_offset;
}

}  // namespace tunrelay
