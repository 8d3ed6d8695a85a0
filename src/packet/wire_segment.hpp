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
/// of the kernel's own segmentation, as build_run() makes them; a run's ECN mark is in them.
std::size_t copy_wire_segment(const Packet& packet, std::uint16_t number,
                              std::span<std::byte> out) noexcept;

}  // namespace tunrelay
