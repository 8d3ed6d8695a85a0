// SPDX-License-Identifier: MIT
// Packets made byte by byte for tests, and their checksums summed one word at a time: slow,
// and meant to be obviously right. Nothing here uses the module `packet` beyond its plain types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "packet/packet.hpp"

namespace tunrelay::test {

using Bytes = std::vector<std::byte>;

/// What == would say, which looks at one std::byte after the other.
[[nodiscard]] inline bool same_bytes(std::span<const std::byte> one,
                                     std::span<const std::byte> other) {
  return one.size() == other.size() &&
         (one.empty() || std::memcmp(one.data(), other.data(), one.size()) == 0);
}

/// What a read from a TUN or TAP gives: the virtio-net header, and the frame behind it.
struct Frame {
  VirtioNetHeader header;
  Bytes bytes;

  bool operator==(const Frame& other) const {
    return header == other.header && same_bytes(bytes, other.bytes);
  }
};

enum class ChecksumState : std::uint8_t {
  kPending,   ///< NEEDS_CSUM: the field holds the pseudo-header's sum
  kComplete,  ///< the sender has computed it
  kAbsent,    ///< 0
};

/// A TCP or UDP packet to be built. The defaults are a plain small one.
struct PacketSpec {
  LinkType link_type = LinkType::kIp;
  std::vector<std::uint16_t> vlan_tags;  ///< Ethernet only, the outer one first
  int ip_version = 4;
  bool is_tcp = true;
  std::uint8_t source_host = 1;  ///< the last byte of the address
  std::uint8_t destination_host = 2;
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 5201;
  std::uint8_t traffic_class = 0;  ///< type of service in IPv4
  std::uint8_t ttl = 64;
  std::uint16_t id = 1;          ///< IPv4
  bool dont_fragment = true;     ///< IPv4
  std::uint32_t flow_label = 0;  ///< IPv6
  Bytes ip_options;              ///< IPv4, a multiple of 4
  /// IPv6: the next-header number of each extension header and its bytes (a multiple of 8),
  /// of which the first two are filled in.
  std::vector<std::pair<std::uint8_t, Bytes>> extensions;
  std::uint32_t sequence = 1;
  std::uint32_t acknowledgement = 1;
  std::uint8_t tcp_flags = 0x10;  ///< ACK
  std::uint16_t window = 502;
  std::uint16_t urgent = 0;
  Bytes tcp_options;  ///< a multiple of 4
  Bytes payload;
  ChecksumState checksum = ChecksumState::kPending;
  std::uint16_t gso_size = 0;  ///< 0: no super-packet
  std::uint8_t gso_bits = 0;   ///< VirtioNetHeader::kGsoEcn and the like
};

[[nodiscard]] Frame build_frame(const PacketSpec& spec);

/// The bytes 0, 1, 2 ... 250, 0, 1 ...: every place in a payload shows where it is from.
[[nodiscard]] Bytes counting_bytes(std::size_t count, std::size_t first = 0);

/// RFC 1071, one 16-bit word after the other; 1 to 0xffff, or 0 when all bytes are 0.
[[nodiscard]] std::uint16_t naive_sum(std::span<const std::byte> bytes);

/// The sum of the pseudo-header of the IP packet at IP_OFFSET.
[[nodiscard]] std::uint16_t naive_pseudo_sum(std::span<const std::byte> frame,
                                             std::size_t ip_offset, std::uint8_t protocol,
                                             std::size_t transport_bytes);

/// Completes a pending checksum as skb_checksum_help() of the kernel does.
[[nodiscard]] Frame completed(Frame frame);

[[nodiscard]] std::uint16_t get_u16(std::span<const std::byte> bytes, std::size_t at);
[[nodiscard]] std::uint32_t get_u32(std::span<const std::byte> bytes, std::size_t at);
void set_u16(std::span<std::byte> bytes, std::size_t at, std::uint32_t value);
void set_u32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value);

}  // namespace tunrelay::test
