// SPDX-License-Identifier: MIT
// A Packet is a view: where its bytes are, what its layers are, and which of its wire
// segments are still under way. It owns nothing; the buffer's references are counted by
// the engine's arena.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/tally.hpp"
#include "packet/virtio_net_header.hpp"

namespace tunrelay {

/// What stands first in a frame.
enum class LinkType : std::uint8_t {
  kIp,        ///< TUN: the IP header
  kEthernet,  ///< TAP: the Ethernet header
};

/// A slot of a worker's buffer arena.
using BufferId = std::uint32_t;

/// Where a frame's layers begin, in bytes from its start.
struct Layers {
  std::uint16_t ether_type = 0;        ///< of the network layer; TUN: from the version nibble
  std::uint8_t ip_version = 0;         ///< 4 or 6; 0: no IP (ARP and the like), nothing below holds
  std::uint8_t protocol = 0;           ///< IPPROTO_* behind any IPv6 extension headers
  std::uint16_t ip_offset = 0;         ///< TUN: 0; TAP: 14, or more with VLAN tags
  std::uint16_t transport_offset = 0;  ///< 0 when no transport header is there (a later fragment)
  std::uint16_t payload_offset = 0;    ///< behind the TCP or UDP header; 0 for other protocols
  std::uint16_t fragment_header_offset = 0;  ///< IPv6; 0: there is no such header
};

/// The wire segments [first, last) of a packet. A packet without GSO is one segment.
struct SegmentRun {
  std::uint16_t first = 0;
  std::uint16_t last = 1;

  [[nodiscard]] std::uint16_t count() const noexcept {
    return static_cast<std::uint16_t>(last - first);
  }
  bool operator==(const SegmentRun&) const = default;
};

/// What becomes of a packet's traffic class (IPv4: type of service), DSCP and ECN, where its header
/// is written.
struct TrafficClassChange {
  std::uint8_t mask = 0;   ///< the bits that change
  std::uint8_t value = 0;  ///< what they become; 0 outside of the mask

  [[nodiscard]] bool any() const noexcept { return mask != 0; }
  [[nodiscard]] std::uint8_t of(std::uint8_t traffic_class) const noexcept {
    return static_cast<std::uint8_t>((traffic_class & ~mask) | value);
  }
  /// LATER is made on top.
  void add(TrafficClassChange later) noexcept {
    value = later.of(value);
    mask |= later.mask;
  }
  bool operator==(const TrafficClassChange&) const = default;
};

struct Packet {
  std::byte* frame = nullptr;     ///< the first byte behind the virtio-net header
  std::uint32_t frame_bytes = 0;  ///< of the whole frame as read, all segments
  BufferId buffer = 0;
  std::uint16_t queue = 0;  ///< of the source device; whose worker owns the buffer
  SegmentRun run;
  VirtioNetHeader header;  ///< validated: its fields fit the frame
  Layers layers;
  /// How the run leaves: it is made where its header is written, and the buffer, which other runs
  /// may share, stays as it is. None of what is not IP.
  TrafficClassChange traffic_class;
  std::int64_t arrival_ns = 0;  ///< CLOCK_MONOTONIC when the batch was read
  std::int64_t handed_ns = 0;   ///< when the stage before passed it on; at first arrival_ns
  /// The same for all runs and copies of one packet that was read, and for no other of its relay.
  std::uint64_t id = 0;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {frame, frame_bytes}; }
  /// TCP or UDP payload of all segments; empty when there is no such header.
  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return layers.payload_offset == 0 ? std::span<const std::byte>{}
                                      : bytes().subspan(layers.payload_offset);
  }
  /// Wire segments of the whole frame, whatever the run.
  [[nodiscard]] std::uint32_t segments() const noexcept {
    if (!header.is_gso()) return 1;
    const auto bytes_to_cut = frame_bytes - layers.payload_offset;
    return bytes_to_cut == 0 ? 1 : (bytes_to_cut + header.gso_size - 1) / header.gso_size;
  }
  /// Whether the run is the whole frame, so that it can be written as it was read.
  [[nodiscard]] bool is_whole() const noexcept { return run.first == 0 && run.last == segments(); }
};

/// Payload bytes of each wire segment but the last. For a packet with a TCP or UDP header.
[[nodiscard]] inline std::uint32_t segment_payload_bytes(const Packet& packet) noexcept {
  return packet.header.is_gso() ? packet.header.gso_size
                                : packet.frame_bytes - packet.layers.payload_offset;
}

/// Frame bytes of wire segment INDEX of the packet, headers included, as it would stand on a wire.
[[nodiscard]] inline std::uint32_t wire_segment_bytes(const Packet& packet,
                                                      std::uint32_t index) noexcept {
  if (!packet.header.is_gso()) return packet.frame_bytes;
  const std::uint32_t payload = packet.frame_bytes - packet.layers.payload_offset;
  const std::uint32_t begin = index * packet.header.gso_size;
  return packet.layers.payload_offset +
         std::min<std::uint32_t>(packet.header.gso_size, payload - std::min(begin, payload));
}

/// What a packet's run counts for. Over any division of a frame into runs the tallies add up
/// to that of the whole: the frame and its headers go with the first segment.
[[nodiscard]] inline Tally tally_of(const Packet& packet) noexcept {
  if (packet.is_whole()) return {1, packet.run.count(), packet.frame_bytes};
  const std::uint64_t payload = packet.frame_bytes - packet.layers.payload_offset;
  const std::uint64_t first = std::uint64_t{packet.run.first} * packet.header.gso_size;
  const std::uint64_t last =
      std::min(payload, std::uint64_t{packet.run.last} * packet.header.gso_size);
  const bool leads = packet.run.first == 0;
  return {leads ? 1U : 0U, packet.run.count(),
          last - first + (leads ? packet.layers.payload_offset : 0U)};
}

}  // namespace tunrelay
