// SPDX-License-Identifier: MIT
// The header that stands before every packet of a device opened with IFF_VNET_HDR:
// struct virtio_net_hdr of the VIRTIO specification 1.1, 5.1.6, and
// include/uapi/linux/virtio_net.h, 10 bytes in the host's byte order. The constants bear the
// specification's names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tunrelay {

enum class GsoType : std::uint8_t {
  kNone = 0,
  kTcpIpv4 = 1,
  kTcpIpv6 = 4,
  kUdpSegment = 5,  ///< VIRTIO_NET_HDR_GSO_UDP_L4, "USO"
};

struct VirtioNetHeader {
  static constexpr std::uint8_t kNeedsChecksum = 1;  ///< VIRTIO_NET_HDR_F_NEEDS_CSUM
  static constexpr std::uint8_t kDataValid = 2;      ///< VIRTIO_NET_HDR_F_DATA_VALID
  /// VIRTIO_NET_HDR_GSO_ECN: the TCP header has CWR, which is for the first segment alone.
  static constexpr std::uint8_t kGsoEcn = 0x80;
  /// VIRTIO_NET_HDR_GSO_ACCECN, Linux 6.17: CWR belongs to a counter and is for every segment.
  static constexpr std::uint8_t kGsoAccurateEcn = 0x10;

  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;          ///< a GsoType, perhaps with one of the ECN bits
  std::uint16_t header_bytes = 0;     ///< hdr_len: a hint, never to be trusted
  std::uint16_t gso_size = 0;         ///< payload bytes of each wire segment but the last
  std::uint16_t checksum_start = 0;   ///< from the start of the frame
  std::uint16_t checksum_offset = 0;  ///< from checksum_start

  [[nodiscard]] bool is_gso() const noexcept { return gso_type != 0; }
  [[nodiscard]] GsoType type() const noexcept {
    return static_cast<GsoType>(gso_type & ~(kGsoEcn | kGsoAccurateEcn));
  }
  [[nodiscard]] bool needs_checksum() const noexcept { return (flags & kNeedsChecksum) != 0; }

  bool operator==(const VirtioNetHeader&) const = default;
};
static_assert(sizeof(VirtioNetHeader) == 10);

inline constexpr std::size_t kVirtioNetHeaderBytes = sizeof(VirtioNetHeader);

[[nodiscard]] inline VirtioNetHeader load_virtio_net_header(const std::byte* bytes) noexcept {
  VirtioNetHeader header;
  std::memcpy(&header, bytes, sizeof header);
  return header;
}

inline void store_virtio_net_header(std::byte* bytes, const VirtioNetHeader& header) noexcept {
  std::memcpy(bytes, &header, sizeof header);
}

}  // namespace tunrelay
