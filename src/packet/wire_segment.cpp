// SPDX-License-Identifier: MIT
#include "packet/wire_segment.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ensure.hpp"
#include "packet/checksum.hpp"
#include "packet/header_rewrite.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {
namespace {

/// The first OUT.size() bytes of segment NUMBER as build_run() makes it, without the virtio-net
/// header, which is returned.
VirtioNetHeader copy_start(const Packet& packet, std::uint16_t number,
                           std::span<std::byte> out) noexcept {
  Packet segment = packet;
  segment.run = {number, static_cast<std::uint16_t>(number + 1)};
  if (segment.is_whole() && !segment.traffic_class.any()) {
    std::memcpy(out.data(), packet.frame, out.size());
    return packet.header;
  }
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  const std::size_t count = build_run(segment, slot, pieces);
  const auto header = load_virtio_net_header(static_cast<const std::byte*>(pieces[0].iov_base));
  // The first piece begins with the virtio-net header, which no wire bears.
  std::size_t skipped = kVirtioNetHeaderBytes;
  for (std::size_t piece = 0; piece < count && !out.empty(); ++piece) {
    const auto* start = static_cast<const std::byte*>(pieces[piece].iov_base) + skipped;
    const std::size_t length = std::min(pieces[piece].iov_len - skipped, out.size());
    std::memcpy(out.data(), start, length);
    out = out.subspan(length);
    skipped = 0;
  }
  return header;
}

/// Whether segment NUMBER and the one before are of one length and bear the same flags: neither is
/// the first (CWR) or the last (FIN, PSH, and what is left of the payload).
bool is_like_the_one_before(const Packet& packet, std::uint16_t number) noexcept {
  return number >= 2 && number + 1U < packet.segments();
}

/// From the headers of a segment to those of the next, which is_like_the_one_before().
void copy_next(const Packet& packet, std::span<const std::byte> before,
               std::span<std::byte> out) noexcept {
  const Layers& layers = packet.layers;
  std::memcpy(out.data(), before.data(), out.size());
  if (layers.ip_version == 4) {
    std::byte* ip = out.data() + layers.ip_offset;
    rewrite_ipv4_id(ip, static_cast<std::uint16_t>(load_u16(ip + ipv4::kId) + 1));
  }
  if (layers.protocol == IPPROTO_TCP) {
    std::byte* sequence = out.data() + layers.transport_offset + tcp::kSequence;
    store_u32(sequence, load_u32(sequence) + packet.header.gso_size);
  }
}

}  // namespace

std::size_t copy_wire_segment(const Packet& packet, std::uint16_t number,
                              std::span<std::byte> out) noexcept {
  const std::size_t bytes = wire_segment_bytes(packet, number);
  ensure(bytes <= out.size(), "a wire segment fits the memory given for it");
  VirtioNetHeader header = copy_start(packet, number, out.first(bytes));
  complete_checksum(out.first(bytes), header);
  return bytes;
}

std::span<const std::byte> copy_wire_headers(const Packet& packet, std::uint16_t number,
                                             std::span<std::byte> out,
                                             std::span<const std::byte> before) noexcept {
  const std::size_t bytes = wire_header_bytes(packet);
  ensure(bytes <= out.size(), "the headers of a wire segment fit the memory given for them");
  const std::span<std::byte> headers = out.first(bytes);
  if (!before.empty() && is_like_the_one_before(packet, number))
    copy_next(packet, before, headers);
  else
    copy_start(packet, number, headers);
  const std::size_t payload_start =
      bytes + (packet.header.is_gso() ? std::size_t{number} * packet.header.gso_size : 0);
  return packet.bytes().subspan(payload_start, wire_segment_bytes(packet, number) - bytes);
}

}  // namespace tunrelay
