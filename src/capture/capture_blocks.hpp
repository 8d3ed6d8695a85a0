// SPDX-License-Identifier: MIT
// What the blocks of a capture's file say: of the devices, and of each packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "capture/capture_options.hpp"
#include "capture/capture_source.hpp"
#include "capture/pcapng.hpp"

namespace tunrelay {

/// What a file says of DEVICE, 0 for a or 1 for b; `replay` knows a capture of ours by it.
[[nodiscard]] std::string capture_description(std::size_t device);

/// What each file begins with: us, and both devices as interfaces 0 and 1.
[[nodiscard]] PcapngBytes capture_header(const CaptureOptions& options, const CaptureSite& site);

/// Of a packet as it was recorded, whose kept bytes FRAME is. WALL_OFFSET_NS: from
/// CLOCK_MONOTONIC to CLOCK_REALTIME.
[[nodiscard]] PcapngPacket captured_packet(const CaptureRecord& record,
                                           std::span<const std::byte> frame,
                                           std::int64_t wall_offset_ns);

/// Of one of its wire segments, the one of that NUMBER, counted from the record's first.
[[nodiscard]] PcapngPacket captured_segment(const CaptureRecord& record,
                                            std::span<const std::byte> segment,
                                            std::uint16_t number, std::int64_t wall_offset_ns);

}  // namespace tunrelay
