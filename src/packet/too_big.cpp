// SPDX-License-Identifier: MIT
#include "packet/too_big.hpp"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "packet/checksum.hpp"

namespace tunrelay {
namespace {

constexpr std::uint32_t kMaxIpv4AnswerBytes = 576;
constexpr std::uint8_t kHops = 64;
constexpr std::uint8_t kInternetworkControl = 0xc0;  // RFC 1812, 4.3.2.5
constexpr std::uint32_t kEthernetAddressBytes = 6;

// Both answers have a header of as many bytes: type, code, checksum, and four of their own.
constexpr std::uint32_t kIcmpHeaderBytes = 8;
constexpr std::size_t kIcmpChecksum = 2;
constexpr std::size_t kIcmpv4Mtu = 6;
constexpr std::size_t kIcmpv6Mtu = 4;

/// "This" network, loopback, multicast, class E and broadcast are not single hosts.
bool is_one_ipv4_host(const std::byte* address) noexcept {
  const std::uint8_t first = load_u8(address);
  return first != 0 && first != IN_LOOPBACKNET && first < 224;
}

/// Neither multicast, nor unspecified, nor loopback.
bool is_one_ipv6_host(const std::byte* address) noexcept {
  in6_addr host{};
  std::memcpy(&host, address, sizeof host);
  return !IN6_IS_ADDR_MULTICAST(&host) && !IN6_IS_ADDR_UNSPECIFIED(&host) &&
         !IN6_IS_ADDR_LOOPBACK(&host);
}

bool may_answer_ipv4(std::span<const std::byte> frame, const Layers& layers) noexcept {
  const std::byte* ip = frame.data() + layers.ip_offset;
  const std::uint16_t fragment = load_u16(ip + ipv4::kFragment);
  if ((fragment & ipv4::kDontFragment) == 0 || (fragment & ipv4::kFragmentOffset) != 0)
    return false;
  if (!is_one_ipv4_host(ip + ipv4::kSource) || !is_one_ipv4_host(ip + ipv4::kDestination))
    return false;
  if (layers.protocol != IPPROTO_ICMP) return true;
  const std::size_t icmp = layers.ip_offset + ipv4::header_bytes_of(ip);
  if (icmp >= frame.size()) return false;
  const std::uint8_t type = load_u8(frame.data() + icmp);
  constexpr std::array<std::uint8_t, 5> kErrors{
      ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB};
  return std::find(kErrors.begin(), kErrors.end(), type) == kErrors.end();
}

bool may_answer_ipv6(std::span<const std::byte> frame, const Layers& layers) noexcept {
  const std::byte* ip = frame.data() + layers.ip_offset;
  if (!is_one_ipv6_host(ip + ipv6::kSource) || !is_one_ipv6_host(ip + ipv6::kDestination))
    return false;
  std::size_t transport = layers.transport_offset;
  if (layers.fragment_header_offset != 0) {
    const std::byte* header = frame.data() + layers.fragment_header_offset;
    if ((load_u16(header + ipv6::kFragment) & ipv6::kFragmentOffset) != 0) return false;
    transport = layers.fragment_header_offset + ipv6::kExtensionUnitBytes;
  }
  // Behind more extension headers than are looked through there may be an error.
  if (transport == 0) return false;
  if (layers.protocol != IPPROTO_ICMPV6) return true;
  if (transport >= frame.size()) return false;
  const std::uint8_t type = load_u8(frame.data() + transport);
  return (type & ICMP6_INFOMSG_MASK) != 0 && type != ND_REDIRECT;
}

/// The ICMP header at ICMP, its checksum still to be computed, and the beginning of PACKET behind
/// it. Returns the bytes of both.
std::uint32_t write_icmp(std::byte* icmp, std::uint8_t type, std::uint8_t code,
                         std::span<const std::byte> packet, std::uint32_t most_bytes) noexcept {
  std::memset(icmp, 0, kIcmpHeaderBytes);
  icmp[0] = std::byte{type};
  icmp[1] = std::byte{code};
  const std::size_t quoted = std::min<std::size_t>(packet.size(), most_bytes - kIcmpHeaderBytes);
  std::memcpy(icmp + kIcmpHeaderBytes, packet.data(), quoted);
  return static_cast<std::uint32_t>(kIcmpHeaderBytes + quoted);
}

std::size_t write_ipv4_answer(std::span<const std::byte> packet, std::uint32_t mtu_bytes,
                              std::byte* ip) noexcept {
  std::byte* icmp = ip + ipv4::kHeaderBytes;
  const std::uint32_t icmp_bytes =
      write_icmp(icmp, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, packet,
                 std::min(kMaxIpv4AnswerBytes, mtu_bytes) - ipv4::kHeaderBytes);
  store_u16(icmp + kIcmpv4Mtu, static_cast<std::uint16_t>(mtu_bytes));
  store_u16(icmp + kIcmpChecksum, invert_sum(sum_of({icmp, icmp_bytes})));

  std::memset(ip, 0, ipv4::kHeaderBytes);
  ip[0] = std::byte{0x45};
  ip[1] = std::byte{kInternetworkControl};
  store_u16(ip + ipv4::kTotalLength, static_cast<std::uint16_t>(ipv4::kHeaderBytes + icmp_bytes));
  store_u16(ip + ipv4::kFragment, ipv4::kDontFragment);  // so that the ID may stay 0 (RFC 6864)
  ip[ipv4::kTtl] = std::byte{kHops};
  ip[ipv4::kProtocol] = std::byte{IPPROTO_ICMP};
  std::memcpy(ip + ipv4::kSource, packet.data() + ipv4::kDestination, sizeof(in_addr));
  std::memcpy(ip + ipv4::kDestination, packet.data() + ipv4::kSource, sizeof(in_addr));
  store_u16(ip + ipv4::kChecksum, invert_sum(sum_of_ipv4_header(ip)));
  return ipv4::kHeaderBytes + icmp_bytes;
}

std::size_t write_ipv6_answer(std::span<const std::byte> packet, std::uint32_t mtu_bytes,
                              std::byte* ip) noexcept {
  std::byte* icmp = ip + ipv6::kHeaderBytes;
  const std::uint32_t icmp_bytes =
      write_icmp(icmp, ICMP6_PACKET_TOO_BIG, 0, packet, ipv6::kMinMtu - ipv6::kHeaderBytes);
  store_u32(icmp + kIcmpv6Mtu, mtu_bytes);

  std::memset(ip, 0, ipv6::kHeaderBytes);
  ip[0] = std::byte{0x60};
  store_u16(ip + ipv6::kPayloadLength, static_cast<std::uint16_t>(icmp_bytes));
  ip[ipv6::kNextHeader] = std::byte{IPPROTO_ICMPV6};
  ip[ipv6::kHopLimit] = std::byte{kHops};
  std::memcpy(ip + ipv6::kSource, packet.data() + ipv6::kDestination, sizeof(in6_addr));
  std::memcpy(ip + ipv6::kDestination, packet.data() + ipv6::kSource, sizeof(in6_addr));
  store_u16(
      icmp + kIcmpChecksum,
      invert_sum(sum_of({icmp, icmp_bytes}, sum_of_pseudo_header(ip, IPPROTO_ICMPV6, icmp_bytes))));
  return ipv6::kHeaderBytes + icmp_bytes;
}

}  // namespace

bool may_answer_too_big(std::span<const std::byte> frame, const Layers& layers) noexcept {
  // A frame to many hosts has the first bit of its Ethernet address set.
  if (layers.ip_offset != 0 && (load_u8(frame.data()) & 1U) != 0) return false;
  if (layers.ip_version == 4) return may_answer_ipv4(frame, layers);
  return layers.ip_version == 6 && may_answer_ipv6(frame, layers);
}

std::size_t make_too_big(std::span<const std::byte> frame, const Layers& layers,
                         std::uint32_t mtu_bytes,
                         std::span<std::byte, kMaxTooBigBytes> out) noexcept {
  const std::size_t link_bytes = layers.ip_offset;
  if (link_bytes != 0) {
    std::memcpy(out.data(), frame.data(), link_bytes);
    std::swap_ranges(out.begin(), out.begin() + kEthernetAddressBytes,
                     out.begin() + kEthernetAddressBytes);
  }
  // Behind the packet's end there may be padding, which is not part of it.
  const auto packet = frame.first(ip_end_offset(frame, layers)).subspan(link_bytes);
  std::byte* ip = out.data() + link_bytes;
  return link_bytes + (layers.ip_version == 4 ? write_ipv4_answer(packet, mtu_bytes, ip)
                                              : write_ipv6_answer(packet, mtu_bytes, ip));
}

}  // namespace tunrelay
