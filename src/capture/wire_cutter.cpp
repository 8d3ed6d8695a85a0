// SPDX-License-Identifier: MIT
#include "capture/wire_cutter.hpp"

#include <array>
#include <limits>

#include "packet/checksum.hpp"
#include "packet/parse.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {

void WireCutter::cut(std::span<std::byte> frame, VirtioNetHeader header, const Each& each) {
  Packet packet;
  packet.frame = frame.data();
  packet.frame_bytes = static_cast<std::uint32_t>(frame.size());
  packet.header = header;
  constexpr std::uint32_t kAnyMtu = std::numeric_limits<std::uint32_t>::max();
  const bool fits = !parse(packet, {link_type_, kAnyMtu});
  const std::uint32_t segments = packet.segments();
  if (!fits || segments == 1) {
    if (fits) complete_checksum(frame, packet.header);
    each(frame, 0);
    return;
  }
  for (std::uint32_t number = 0; number < segments; ++number) {
    packet.run = {static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(number + 1)};
    HeaderSlot slot;
    std::array<iovec, kMaxRunPieces> pieces;
    const std::size_t count = build_run(packet, slot, pieces);
    segment_.clear();
    for (const iovec& piece : std::span(pieces).first(count)) {
      const auto* start = static_cast<const std::byte*>(piece.iov_base);
      segment_.insert(segment_.end(), start, start + piece.iov_len);
    }
    VirtioNetHeader segment_header = load_virtio_net_header(segment_.data());
    const std::span<std::byte> segment = std::span(segment_).subspan(kVirtioNetHeaderBytes);
    complete_checksum(segment, segment_header);
    each(segment, static_cast<std::uint16_t>(number));
  }
}

}  // namespace tunrelay
