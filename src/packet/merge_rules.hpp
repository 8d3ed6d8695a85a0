// SPDX-License-Identifier: MIT
// Which packets may become one super-packet. The rules are those of the kernel's own GRO
// (net/core/gro.c, inet_gro_receive(), tcp_gro_receive(), udp_gro_receive_segment()), made
// stricter where they would not give back the same bytes: cutting a merged packet by the
// kernel's segmentation gives back the packets that were merged, bit for bit, but for the
// IPv4 ID under MergeRules::renumber_atomic and the PSH flag under MergeRules::big_tcp.
#pragma once

#include <cstdint>
#include <string_view>

#include "packet/packet.hpp"

namespace tunrelay {

/// Segments of a merged UDP packet: UDP_MAX_SEGMENTS was 64 before Linux 6.9.
inline constexpr std::uint32_t kMaxMergedUdpSegments = 64;
/// Of a super-packet beyond 64 KiB ("BIG TCP"), from its IP header on. A TUN keeps what is written
/// in 17 pieces of 32 KiB (tun_alloc_skb() in drivers/net/tun.c; MAX_SKB_FRAGS).
inline constexpr std::uint32_t kMaxBigTcpBytes = 512 * 1024;
/// Wire segments of it: a run counts them in 16 bits.
inline constexpr std::uint32_t kMaxMergedTcpSegments = 32 * 1024;

struct MergeRules {
  /// Which packets are merged at all: those whose super-packets the target takes.
  bool tcp = true;
  bool udp = true;
  /// The kernel's segmentation counts the IPv4 ID up, so a sequence of packets with one and
  /// the same ID comes out with other IDs. With DF set nothing may read the ID (RFC 6864,
  /// 4.1: the ID of an atomic datagram carries no meaning), and Linux gives ID 0 to all
  /// datagrams of an unconnected UDP socket, so true: such packets are merged, as GRO does.
  /// False: only packets whose IDs count up are merged.
  bool renumber_atomic = true;
  /// TCP super-packets are merged too, up to kMaxBigTcpBytes, by the target's promise to take them
  /// (Linux 6.3 for IPv4). Beyond 64 KiB an IPv4 header has the length 0, and an IPv6 header the
  /// jumbo payload option (RFC 2675). A sender that writes 128 KiB at a time sets PSH on nearly
  /// every super-packet: the merged one has it once, on its last segment. PSH asks a
  /// receiver to hand over what it has, which Linux does anyway.
  bool big_tcp = false;

  [[nodiscard]] constexpr bool any() const noexcept { return tcp || udp; }
  bool operator==(const MergeRules&) const = default;
};
/// "TCP and UDP", "TCP alone", "UDP alone" or "none"; "BIG TCP" where super-packets are merged too.
[[nodiscard]] constexpr std::string_view to_string(const MergeRules& rules) noexcept {
  if (rules.tcp && rules.big_tcp) return rules.udp ? "BIG TCP and UDP" : "BIG TCP alone";
  if (rules.tcp) return rules.udp ? "TCP and UDP" : "TCP alone";
  return rules.udp ? "UDP alone" : "none";
}

inline constexpr MergeRules kNoMerging{.tcp = false, .udp = false};

/// What a packet means for the groups of its batch.
enum class MergeRole : std::uint8_t {
  kOpener,       ///< may be the first of a group, or a later one
  kSuperPacket,  ///< of TCP: an opener under MergeRules::big_tcp, else a loner
  kCloser,       ///< TCP with PSH: may only be the last of a group
  kLoner,        ///< of a TCP or UDP flow, never merged: nothing is merged across it
  kUnknownFlow,  ///< may belong to any flow (a fragment): nothing at all is merged across it
  kBystander,    ///< of no TCP or UDP flow
};

/// For a packet that parse() accepted.
[[nodiscard]] MergeRole merge_role(const Packet& packet) noexcept;

/// What the packets of a group have in common: how the IPv4 ID goes on.
enum class IdStep : std::uint8_t { kUndecided, kConstant, kCountsUp };

/// A group that is being gathered, as far as the rules need it.
struct OpenGroup {
  const Packet* first = nullptr;
  std::uint32_t segments = 1;       ///< wire segments of all packets so far
  std::uint32_t payload_bytes = 0;  ///< of all
  std::uint32_t segment_bytes = 0;  ///< payload of each wire segment so far
  IdStep id_step = IdStep::kUndecided;
  bool first_verified = false;  ///< the checksums of the first packet hold
};

/// Whether PACKET, an opener or a closer of the same flow, may go on with GROUP. The checksums
/// of a packet that bears complete ones are verified, which reads all of it; so it is checked
/// last. Updates what GROUP has learned, not its counts.
[[nodiscard]] bool may_join(OpenGroup& group, const Packet& packet,
                            const MergeRules& rules) noexcept;

}  // namespace tunrelay
