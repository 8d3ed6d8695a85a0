// SPDX-License-Identifier: MIT
#include "packet/wire_segment.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ensure.hpp"
#include "packet/checksum.hpp"
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

/// The payload of segment NUMBER, where it lies.
std::span<const std::byte> payload_of(const Packet& packet, std::uint16_t number) noexcept {
  const std::size_t header_bytes = wire_header_bytes(packet);
  const std::size_t start =
      header_bytes + (packet.header.is_gso() ? std::size_t{number} * packet.header.gso_size : 0);
  return packet.bytes().subspan(start, wire_segment_bytes(packet, number) - header_bytes);
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
                                             std::span<std::byte> out) noexcept {
  const std::size_t bytes = wire_header_bytes(packet);
  ensure(bytes <= out.size(), "the headers of a wire segment fit the memory given for them");
  copy_start(packet, number, out.first(bytes));
  return payload_of(packet, number);
}

std::size_t WireSegmentCopier::copy(std::uint16_t number, std::span<std::byte> out) noexcept {
  if (!has_model_for(number)) return copy_wire_segment(packet_, number, out);
  const Layers& layers = packet_.layers;
  const std::size_t bytes = std::size_t{layers.payload_offset} + packet_.header.gso_size;
  ensure(bytes <= out.size(), "a wire segment fits the memory given for it");
  copy_model(number, out.data());
  std::uint16_t sum = transport_sum_;
  std::size_t field = udp::kChecksum;
  if (layers.protocol == IPPROTO_TCP) {
    const std::uint32_t before = sequence_of(model_number_);
    const std::uint32_t after = sequence_of(number);
    sum = update_sum(sum, static_cast<std::uint16_t>(before >> 16),
                     static_cast<std::uint16_t>(after >> 16));
    sum = update_sum(sum, static_cast<std::uint16_t>(before), static_cast<std::uint16_t>(after));
    field = tcp::kChecksum;
  }
  store_u16(out.data() + layers.transport_offset + field,
            transport_checksum(copy_and_sum(payload_of(packet_, number),
                                            out.data() + layers.payload_offset, sum)));
  return bytes;
}

std::span<const std::byte> WireSegmentCopier::copy_headers(std::uint16_t number,
                                                           std::span<std::byte> out) noexcept {
  if (!has_model_for(number)) return copy_wire_headers(packet_, number, out);
  ensure(packet_.layers.payload_offset <= out.size(),
         "the headers of a wire segment fit the memory given for them");
  copy_model(number, out.data());
  return payload_of(packet_, number);
}

bool WireSegmentCopier::has_model_for(std::uint16_t number) noexcept {
  // Neither the first nor the last; the latter as number + 1 < packet.segments(), which divides.
  const bool is_between = number != 0 && (number + 1U) * std::uint32_t{packet_.header.gso_size} <
                                             packet_.payload().size();
  if (!is_between || packet_.layers.payload_offset > kMaxModelBytes) return false;
  if (!has_model_) make_model(number);
  return true;
}

void WireSegmentCopier::make_model(std::uint16_t number) noexcept {
  const std::span<std::byte> headers = std::span(model_).first(packet_.layers.payload_offset);
  copy_start(packet_, number, headers);
  transport_sum_ = sum_of(headers.subspan(packet_.layers.transport_offset));
  model_number_ = number;
  has_model_ = true;
}

/// Nothing is read from OUT, where what was just written would have to be waited for.
void WireSegmentCopier::copy_model(std::uint16_t number, std::byte* out) const noexcept {
  const Layers& layers = packet_.layers;
  std::memcpy(out, model_.data(), layers.payload_offset);
  if (layers.ip_version == 4) {
    const std::byte* ip = model_.data() + layers.ip_offset;
    const std::uint16_t before = load_u16(ip + ipv4::kId);
    const auto after = static_cast<std::uint16_t>(before + number - model_number_);
    store_u16(out + layers.ip_offset + ipv4::kId, after);
    store_u16(out + layers.ip_offset + ipv4::kChecksum,
              update_checksum(load_u16(ip + ipv4::kChecksum), before, after));
  }
  if (layers.protocol == IPPROTO_TCP)
    store_u32(out + layers.transport_offset + tcp::kSequence, sequence_of(number));
}

std::uint32_t WireSegmentCopier::sequence_of(std::uint16_t number) const noexcept {
  return load_u32(model_.data() + packet_.layers.transport_offset + tcp::kSequence) +
         (std::uint32_t{number} - model_number_) * packet_.header.gso_size;
}

}  // namespace tunrelay
