// SPDX-License-Identifier: MIT
// Which flow a packet belongs to: addresses, ports and protocol. Where nothing else is said,
// functions are for packets that parse() accepted and that have a TCP or UDP header
// (payload_offset not 0).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "packet/packet.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// Whether both packets go from the same port to the same port. What differs apart from that
/// (TTL, VLAN, flow label) does not make another flow: a receiver's socket is the same.
[[nodiscard]] inline bool is_same_flow(const Packet& left, const Packet& right) noexcept {
  if (left.layers.ip_version != right.layers.ip_version ||
      left.layers.protocol != right.layers.protocol ||
      load_raw<std::uint32_t>(left.frame + left.layers.transport_offset) !=
          load_raw<std::uint32_t>(right.frame + right.layers.transport_offset))
    return false;
  const std::byte* left_ip = left.frame + left.layers.ip_offset;
  const std::byte* right_ip = right.frame + right.layers.ip_offset;
  if (left.layers.ip_version == 4)
    return load_raw<std::uint64_t>(left_ip + ipv4::kSource) ==
           load_raw<std::uint64_t>(right_ip + ipv4::kSource);
  return std::memcmp(left_ip + ipv6::kSource, right_ip + ipv6::kSource, 32) == 0;
}

/// The same for all packets of a flow. Not for anything that leaves this process: it depends
/// on the machine's byte order.
[[nodiscard]] inline std::uint32_t flow_hash(const Packet& packet) noexcept {
  constexpr std::uint64_t kOddMultiplier = 0x9e3779b97f4a7c15;
  const std::byte* ip = packet.frame + packet.layers.ip_offset;
  std::uint64_t key = load_raw<std::uint32_t>(packet.frame + packet.layers.transport_offset);
  key = (key ^ (std::uint64_t{packet.layers.protocol} << 32)) * kOddMultiplier;
  if (packet.layers.ip_version == 4) {
    key ^= load_raw<std::uint64_t>(ip + ipv4::kSource);
  } else {
    for (const std::size_t at : {0U, 8U, 16U, 24U})
      key = std::rotl(key, 23) ^ load_raw<std::uint64_t>(ip + ipv6::kSource + at);
  }
  key ^= key >> 32;
  return static_cast<std::uint32_t>((key * kOddMultiplier) >> 32);
}

/// The same for any packet that parse() accepted: one without a TCP or UDP header, fragments among
/// them, goes with all of its addresses and protocol; one that is not IP, with its EtherType.
[[nodiscard]] inline std::uint64_t any_flow_hash(const Packet& packet) noexcept {
  if (packet.layers.payload_offset != 0) return flow_hash(packet);
  if (packet.layers.ip_version == 0) return packet.layers.ether_type;
  const std::byte* ip = packet.frame + packet.layers.ip_offset;
  std::uint64_t key = packet.layers.protocol;
  const bool is_ipv4 = packet.layers.ip_version == 4;
  const std::byte* addresses = ip + (is_ipv4 ? ipv4::kSource : ipv6::kSource);
  for (std::size_t at = 0; at < (is_ipv4 ? 8U : 32U); at += 8)
    key = (std::rotl(key, 23) ^ load_raw<std::uint64_t>(addresses + at)) * 0x9e3779b97f4a7c15;
  return key ^ key >> 32;
}

}  // namespace tunrelay
