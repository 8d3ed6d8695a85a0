#include "packet/wire_segment.hpp"

#include <array>
#include <cstring>

#include "base/ensure.hpp"
#include "packet/checksum.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {

std::size_t copy_wire_segment(const Packet& packet, std::uint16_t number,
                              std::span<std::byte> out) noexcept {
  const std::size_t bytes = wire_segment_bytes(packet, number);
  ensure(bytes <= out.size(), "a wire segment fits the memory given for it");
  Packet segment = packet;
  segment.run = {number, static_cast<std::uint16_t>(number + 1)};
  VirtioNetHeader header = packet.header;
  if (segment.is_whole() && !segment.ce_marked) {
    std::memcpy(out.data(), packet.frame, bytes);
  } else {
    HeaderSlot slot;
    std::array<iovec, kMaxRunPieces> pieces;
    const std::size_t count = build_run(segment, slot, pieces);
    header = load_virtio_net_header(static_cast<const std::byte*>(pieces[0].iov_base));
    // The first piece begins with the virtio-net header, which no wire bears.
    std::size_t skipped = kVirtioNetHeaderBytes;
    std::byte* at = out.data();
    for (std::size_t piece = 0; piece < count; ++piece) {
      const auto* start = static_cast<const std::byte*>(pieces[piece].iov_base) + skipped;
      const std::size_t length = pieces[piece].iov_len - skipped;
      std::memcpy(at, start, length);
      at += length;
      skipped = 0;
    }
  }
  complete_checksum(out.first(bytes), header);
  return bytes;
}

}  // namespace tunrelay
