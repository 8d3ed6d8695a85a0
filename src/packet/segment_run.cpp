// SPDX-License-Identifier: MIT
#include "packet/segment_run.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/ensure.hpp"
#include "packet/ecn.hpp"
#include "packet/header_rewrite.hpp"

namespace tunrelay {
namespace {

iovec piece_of(std::byte* start, std::size_t bytes) noexcept {
  return {.iov_base = start, .iov_len = bytes};
}

std::size_t build_whole(const Packet& packet, std::span<iovec, kMaxRunPieces> pieces) noexcept {
  std::byte* start = packet.frame - kVirtioNetHeaderBytes;
  store_virtio_net_header(start, packet.header);
  pieces[0] = piece_of(start, kVirtioNetHeaderBytes + packet.frame_bytes);
  return 1;
}

/// A whole packet whose traffic class changes: the IP header is a copy, all else is written as it
/// was read.
std::size_t build_whole_changed(const Packet& packet, HeaderSlot& slot,
                                std::span<iovec, kMaxRunPieces> pieces) noexcept {
  const std::uint32_t changed_end = packet.layers.ip_offset + kTrafficClassHeaderBytes;
  store_virtio_net_header(slot.data(), packet.header);
  std::byte* link = slot.data() + kVirtioNetHeaderBytes;
  std::memcpy(link, packet.frame, changed_end);
  change_traffic_class(link + packet.layers.ip_offset, packet.traffic_class);
  pieces[0] = piece_of(slot.data(), kVirtioNetHeaderBytes + changed_end);
  pieces[1] = piece_of(packet.frame + changed_end, packet.frame_bytes - changed_end);
  return 2;
}

VirtioNetHeader header_of_run(const Packet& packet) noexcept {
  VirtioNetHeader header = packet.header;
  if (packet.run.count() == 1) {
    header.gso_type = 0;
    header.gso_size = 0;
    header.header_bytes = 0;
  } else if (packet.run.first != 0) {
    header.gso_type &= static_cast<std::uint8_t>(~VirtioNetHeader::kGsoEcn);
  }
  return header;
}

/// The sequence number and flags of a TCP header that goes with the run.
void rewrite_tcp(std::byte* header, const Packet& packet, std::uint32_t bytes_before_run,
                 bool has_last) noexcept {
  store_u32(header + tcp::kSequence, load_u32(header + tcp::kSequence) + bytes_before_run);
  std::uint8_t flags = load_u8(header + tcp::kFlags);
  if (!has_last) flags &= static_cast<std::uint8_t>(~(tcp::kFin | tcp::kPsh));
  if (packet.run.first != 0 && (packet.header.gso_type & VirtioNetHeader::kGsoAccurateEcn) == 0)
    flags &= static_cast<std::uint8_t>(~tcp::kCwr);
  header[tcp::kFlags] = std::byte{flags};
}

}  // namespace

std::size_t build_run(const Packet& packet, HeaderSlot& slot,
                      std::span<iovec, kMaxRunPieces> pieces) noexcept {
  const std::uint32_t segments = packet.segments();
  const SegmentRun run = packet.run;
  ensure(run.first < run.last && run.last <= segments, "a run lies within its packet");
  if (run.count() == segments)
    return packet.traffic_class.any() ? build_whole_changed(packet, slot, pieces)
                                      : build_whole(packet, pieces);

  const Layers& layers = packet.layers;
  const std::uint32_t payload_bytes = packet.frame_bytes - layers.payload_offset;
  const std::uint32_t first_byte = std::uint32_t{run.first} * packet.header.gso_size;
  const std::uint32_t last_byte =
      std::min(payload_bytes, std::uint32_t{run.last} * packet.header.gso_size);
  const std::uint32_t run_bytes = last_byte - first_byte;
  const bool is_tcp = layers.protocol == IPPROTO_TCP;

  // Headers up to the fixed part of IP's, then the transport header. What stands between the
  // two (IPv6 extension headers) is written from the frame.
  const std::uint32_t network_end =
      layers.ip_version == 4 ? layers.transport_offset : layers.ip_offset + ipv6::kHeaderBytes;
  const std::uint32_t extension_bytes = layers.transport_offset - network_end;
  const std::uint32_t transport_header_bytes =
      std::uint32_t{layers.payload_offset} - layers.transport_offset;
  ensure(kVirtioNetHeaderBytes + network_end + transport_header_bytes <= slot.size(),
         "the headers of a run fit their slot");
  std::byte* link = slot.data() + kVirtioNetHeaderBytes;
  std::byte* ip = link + layers.ip_offset;
  std::byte* transport = link + network_end;
  store_virtio_net_header(slot.data(), header_of_run(packet));
  std::memcpy(link, packet.frame, network_end);
  std::memcpy(transport, packet.frame + layers.transport_offset, transport_header_bytes);

  if (packet.traffic_class.any()) change_traffic_class(ip, packet.traffic_class);
  const std::uint32_t ip_bytes = layers.payload_offset + run_bytes - layers.ip_offset;
  if (layers.ip_version == 4)
    rewrite_ipv4(ip, network_end - layers.ip_offset, ip_bytes,
                 static_cast<std::uint16_t>(load_u16(ip + ipv4::kId) + run.first));
  else
    rewrite_ipv6(ip, ip_bytes);
  rewrite_transport_length(transport, is_tcp, transport_header_bytes + payload_bytes,
                           transport_header_bytes + run_bytes);
  if (is_tcp) rewrite_tcp(transport, packet, first_byte, run.last == segments);

  std::size_t count = 0;
  if (extension_bytes == 0) {
    pieces[count++] =
        piece_of(slot.data(), kVirtioNetHeaderBytes + network_end + transport_header_bytes);
  } else {
    pieces[count++] = piece_of(slot.data(), kVirtioNetHeaderBytes + network_end);
    pieces[count++] = piece_of(packet.frame + network_end, extension_bytes);
    pieces[count++] = piece_of(transport, transport_header_bytes);
  }
  pieces[count++] = piece_of(packet.frame + layers.payload_offset + first_byte, run_bytes);
  return count;
}

}  // namespace tunrelay
