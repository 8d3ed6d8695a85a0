// SPDX-License-Identifier: MIT
// One wire segment of a packet as it would stand on a wire: a frame of its own in one piece,
// without a virtio-net header, its checksums computed. For whoever changes a segment or shows
// it to somebody outside; whoever only writes it leaves both to the kernel (segment_run.hpp).
#pragma once

#include <array>
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
/// is returned where it lies.
[[nodiscard]] std::span<const std::byte> copy_wire_headers(const Packet& packet,
                                                           std::uint16_t number,
                                                           std::span<std::byte> out) noexcept;

/// Up to TCP's or UDP's payload; all of a segment that has no such header.
[[nodiscard]] inline std::size_t wire_header_bytes(const Packet& packet) noexcept {
  return packet.layers.payload_offset == 0 ? packet.frame_bytes : packet.layers.payload_offset;
}

/// Many segments of one packet, which is faster than each by itself: between the first (CWR) and
/// the last (FIN, PSH, what is left of the payload) headers differ in a number or two. What is
/// asked for comes from one of those, which is kept. One thread.
class WireSegmentCopier {
 public:
  /// PACKET must outlive it.
  explicit WireSegmentCopier(const Packet& packet) noexcept : packet_(packet) {}

  /// As the functions above have it.
  std::size_t copy(std::uint16_t number, std::span<std::byte> out) noexcept;
  [[nodiscard]] std::span<const std::byte> copy_headers(std::uint16_t number,
                                                        std::span<std::byte> out) noexcept;

 private:
  /// Longer ones are not kept: IPv6 with many extension headers.
  static constexpr std::size_t kMaxModelBytes = 192;

  [[nodiscard]] bool has_model_for(std::uint16_t number) noexcept;
  void make_model(std::uint16_t number) noexcept;
  void copy_model(std::uint16_t number, std::byte* out) const noexcept;
  [[nodiscard]] std::uint32_t sequence_of(std::uint16_t number) const noexcept;

  const Packet& packet_;
  bool has_model_ = false;
  std::uint16_t model_number_ = 0;
  std::uint16_t transport_sum_ = 0;  ///< of the model's transport header, its checksum pending
  std::array<std::byte, kMaxModelBytes> model_;  ///< as copy_wire_headers() makes it
};

}  // namespace tunrelay
