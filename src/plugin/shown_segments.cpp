// SPDX-License-Identifier: MIT
#include "plugin/shown_segments.hpp"

namespace tunrelay {

void ShownSegments::note(const Packet& packet, std::byte* first) noexcept {
  if (noted_ == kMaxNoted) return;
  noted_packets_[noted_++] = {.frame = packet.frame,
                              .id = packet.id,
                              .traffic_class = packet.traffic_class,
                              .run = packet.run,
                              .first = first};
}

std::byte* ShownSegments::find(const Packet& packet) noexcept {
  for (std::size_t tried = 0; tried < noted_; ++tried) {
    const std::size_t at = next_;
    next_ = next_ + 1 == noted_ ? 0 : next_ + 1;
    const Noted& noted = noted_packets_[at];
    if (noted.id != packet.id || noted.frame != packet.frame) continue;
    if (noted.traffic_class != packet.traffic_class) continue;
    if (packet.run.first < noted.run.first || packet.run.last > noted.run.last) continue;
    const std::size_t before = std::size_t{packet.run.first} - noted.run.first;
    // All but the last segment of a packet are of one length.
    return noted.first + before * wire_segment_bytes(packet, noted.run.first);
  }
  return nullptr;
}

}  // namespace tunrelay
