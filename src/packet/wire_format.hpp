// SPDX-License-Identifier: MIT
// Numbers as they stand in a frame (network byte order) and where the fields of the headers
// are, in bytes from the header's start. RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP),
// RFC 768 (UDP), IEEE 802.1Q (VLAN tags).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tunrelay {

/// From network to host byte order, or back.
[[nodiscard]] inline std::uint16_t swap_network(std::uint16_t value) noexcept {
  return std::endian::native == std::endian::little ? __builtin_bswap16(value) : value;
}
[[nodiscard]] inline std::uint32_t swap_network(std::uint32_t value) noexcept {
  return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}

/// The bytes as they are: for comparing and hashing, where the order does not matter.
template <typename Number>
[[nodiscard]] inline Number load_raw(const std::byte* at) noexcept {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

[[nodiscard]] inline std::uint16_t load_u16(const std::byte* at) noexcept {
  return swap_network(load_raw<std::uint16_t>(at));
}
[[nodiscard]] inline std::uint32_t load_u32(const std::byte* at) noexcept {
  return swap_network(load_raw<std::uint32_t>(at));
}
[[nodiscard]] inline std::uint8_t load_u8(const std::byte* at) noexcept {
  return std::to_integer<std::uint8_t>(*at);
}
inline void store_u16(std::byte* at, std::uint16_t value) noexcept {
  value = swap_network(value);
  std::memcpy(at, &value, sizeof value);
}
inline void store_u32(std::byte* at, std::uint32_t value) noexcept {
  value = swap_network(value);
  std::memcpy(at, &value, sizeof value);
}

namespace ethernet {
inline constexpr std::uint32_t kHeaderBytes = 14;
inline constexpr std::size_t kType = 12;
inline constexpr std::uint32_t kVlanTagBytes = 4;
inline constexpr std::uint16_t kTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kTypeArp = 0x0806;
inline constexpr std::uint16_t kTypeVlan = 0x8100;         ///< 802.1Q
inline constexpr std::uint16_t kTypeServiceVlan = 0x88a8;  ///< 802.1ad, the outer tag of two
inline constexpr std::uint16_t kTypeIpv6 = 0x86dd;
inline constexpr std::uint16_t kTypeLldp = 0x88cc;
}  // namespace ethernet

namespace ipv4 {
inline constexpr std::uint32_t kHeaderBytes = 20;  ///< without options
inline constexpr std::uint32_t kHeaderBytesMax = 60;
inline constexpr std::size_t kTotalLength = 2;
inline constexpr std::size_t kId = 4;
inline constexpr std::size_t kFragment = 6;  ///< 3 flags, then the offset in units of 8 bytes
inline constexpr std::size_t kTtl = 8;
inline constexpr std::size_t kProtocol = 9;
inline constexpr std::size_t kChecksum = 10;
inline constexpr std::size_t kSource = 12;
inline constexpr std::size_t kDestination = 16;
inline constexpr std::uint16_t kDontFragment = 0x4000;
inline constexpr std::uint16_t kMoreFragments = 0x2000;
inline constexpr std::uint16_t kFragmentOffset = 0x1fff;

/// As the header at IP says, options included.
[[nodiscard]] inline std::uint32_t header_bytes_of(const std::byte* ip) noexcept {
  return (load_u8(ip) & 0x0fU) * 4;
}
}  // namespace ipv4

namespace ipv6 {
inline constexpr std::uint32_t kHeaderBytes = 40;
inline constexpr std::size_t kPayloadLength = 4;
inline constexpr std::size_t kNextHeader = 6;
inline constexpr std::size_t kHopLimit = 7;
inline constexpr std::size_t kSource = 8;
inline constexpr std::size_t kDestination = 24;
inline constexpr std::uint32_t kExtensionUnitBytes = 8;  ///< extension headers are multiples of it
inline constexpr std::uint32_t kMinMtu = 1280;           ///< of every link
inline constexpr std::uint8_t kJumboOption = 0xc2;       ///< RFC 2675
// Of the fragment header, which is one such unit.
inline constexpr std::size_t kFragment = 2;  ///< the offset in units of 8 bytes, then 3 flags
inline constexpr std::uint16_t kFragmentOffset = 0xfff8;
}  // namespace ipv6

namespace tcp {
inline constexpr std::uint32_t kHeaderBytes = 20;  ///< without options
inline constexpr std::uint32_t kHeaderBytesMax = 60;
inline constexpr std::size_t kSequence = 4;
inline constexpr std::size_t kAcknowledgement = 8;
inline constexpr std::size_t kDataOffset = 12;  ///< the upper 4 bits, in units of 4 bytes
inline constexpr std::size_t kFlags = 13;
inline constexpr std::size_t kWindow = 14;
inline constexpr std::size_t kChecksum = 16;
inline constexpr std::size_t kUrgent = 18;
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;
inline constexpr std::uint8_t kCwr = 0x80;
}  // namespace tcp

namespace udp {
inline constexpr std::uint32_t kHeaderBytes = 8;
inline constexpr std::size_t kLength = 4;
inline constexpr std::size_t kChecksum = 6;
}  // namespace udp

/// Source and destination port stand at the same place in TCP and UDP headers.
inline constexpr std::size_t kSourcePort = 0;
inline constexpr std::size_t kDestinationPort = 2;

/// No IP packet that is read from a TUN or TAP is longer, and no length field holds more.
inline constexpr std::uint32_t kMaxIpBytes = 65535;

}  // namespace tunrelay
