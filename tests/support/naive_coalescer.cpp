// SPDX-License-Identifier: MIT
#include "support/naive_coalescer.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <utility>

#include "support/naive_packet.hpp"

namespace tunrelay::test {
namespace {

constexpr unsigned kPsh = 0x08;
constexpr unsigned kAck = 0x10;

/// The fields of a TCP or UDP packet that the rules speak of.
struct Facts {
  explicit Facts(const Packet& packet)
      : is_tcp(packet.layers.protocol == IPPROTO_TCP),
        ip(packet.layers.ip_offset),
        transport(packet.layers.transport_offset),
        payload(packet.layers.payload_offset),
        bytes(packet.bytes()),
        needs_checksum(packet.header.needs_checksum()) {
    const std::size_t v4_total = get_u16(bytes, ip + 2);
    const std::size_t v6_total = 40U + get_u16(bytes, ip + 4);
    ip_bytes = packet.layers.ip_version == 4 ? v4_total : v6_total;
    flags = is_tcp ? get_u16(bytes, transport + 12) & 0x0fffU : 0;
    checksum = get_u16(bytes, transport + (is_tcp ? 16 : 6));
    is_ipv4 = packet.layers.ip_version == 4;
    if (is_ipv4) id = get_u16(bytes, ip + 4);
    if (is_tcp) sequence = get_u32(bytes, transport + 4);
    segment_bytes = packet.header.gso_type != 0 ? packet.header.gso_size : payload_bytes();
    segments = payload_bytes() == 0 ? 1 : (payload_bytes() + segment_bytes - 1) / segment_bytes;
    is_super = packet.header.gso_type != 0;
    const auto addresses = is_ipv4 ? bytes.subspan(ip + 12, 8) : bytes.subspan(ip + 8, 32);
    const auto ports = bytes.subspan(transport, 4);
    auto end = std::copy(addresses.begin(), addresses.end(), flow.begin());
    end = std::copy(ports.begin(), ports.end(), end);
    *end = static_cast<std::byte>(packet.layers.protocol);
  }

  [[nodiscard]] std::size_t payload_bytes() const { return bytes.size() - payload; }
  /// The headers, with the fields that may differ within a group set to zero.
  [[nodiscard]] Bytes blanked_headers() const {
    Bytes headers(bytes.begin(), bytes.begin() + static_cast<long>(payload));
    if (is_ipv4) {
      set_u16(headers, ip + 2, 0);
      set_u16(headers, ip + 4, 0);
      set_u16(headers, ip + 10, 0);
    } else {
      set_u16(headers, ip + 4, 0);
    }
    if (is_tcp) {
      set_u32(headers, transport + 4, 0);
      headers[transport + 13] &= std::byte{0xff & ~kPsh};
      set_u16(headers, transport + 16, 0);
    } else {
      set_u32(headers, transport + 4, 0);  // length and checksum
    }
    return headers;
  }
  [[nodiscard]] bool has_good_checksums() const {
    const auto frame = std::span{bytes};
    if (is_ipv4 &&
        (naive_sum(frame.subspan(ip, 20)) != 0xffff || get_u16(frame, ip + 10) == 0xffff))
      return false;
    if (needs_checksum) return true;
    if (is_tcp && (checksum == 0 || checksum == 0xffff)) return false;
    const std::size_t length = bytes.size() - transport;
    const unsigned sum = naive_sum(frame.subspan(transport)) +
                         naive_pseudo_sum(frame, ip, is_tcp ? IPPROTO_TCP : IPPROTO_UDP, length);
    return sum % 0xffff == 0;
  }
  /// The pending sum without the length in it.
  [[nodiscard]] std::size_t sum_without_length() const {
    return (checksum + 2 * 0xffff - (bytes.size() - transport)) % 0xffff;
  }

  bool is_tcp, is_ipv4 = false;
  bool is_super = false;
  std::size_t ip, transport, payload, ip_bytes = 0, segment_bytes = 0, segments = 1;
  std::span<const std::byte> bytes;
  std::array<std::byte, 32 + 4 + 1> flow{};  ///< addresses, ports, protocol
  bool needs_checksum;
  unsigned flags = 0, checksum = 0, id = 0;
  std::uint32_t sequence = 0;
};

bool may_be_merged(const Packet& packet, const Facts& facts, const MergeRules& rules) {
  if (!(facts.is_tcp ? rules.tcp : rules.udp)) return false;
  if (facts.payload_bytes() == 0) return false;
  if (facts.is_super && !(facts.is_tcp && rules.big_tcp)) return false;
  if (facts.transport - facts.ip != (facts.is_ipv4 ? 20U : 40U)) return false;
  if (facts.ip + facts.ip_bytes != facts.bytes.size()) return false;
  if (facts.needs_checksum && (packet.header.checksum_start != facts.transport ||
                               packet.header.checksum_offset != (facts.is_tcp ? 16 : 6)))
    return false;
  if (facts.is_tcp) return (facts.flags & ~kPsh) == kAck;
  return facts.checksum != 0 &&
         get_u16(facts.bytes, facts.transport + 4) == facts.bytes.size() - facts.transport;
}

bool may_be_first(const Facts& facts) {
  if (facts.is_super) return facts.payload_bytes() % facts.segment_bytes == 0;
  return !facts.is_tcp || ((facts.flags & kPsh) == 0 && facts.payload_bytes() >= 8);
}

/// What is known of packets that follow each other, and may go on.
struct Group {
  explicit Group(const Facts& facts)
      : first(facts),
        headers(facts.blanked_headers()),
        has_good_checksums(facts.has_good_checksums()) {
    add(facts);
  }
  void add(const Facts& facts) {
    payload_bytes += facts.payload_bytes();
    segments += facts.segments;
    last_id = facts.id;
    last_segments = facts.segments;
  }
  void join(const Facts& facts) {
    counts_up = id_counts_up(facts);
    is_constant = id_is_constant(facts);
    add(facts);
  }
  [[nodiscard]] bool id_counts_up(const Facts& next) const {
    return counts_up && ((next.id - last_id) & 0xffffU) == last_segments;
  }
  [[nodiscard]] bool id_is_constant(const Facts& next) const {
    return is_constant && next.id == last_id;
  }

  Facts first;
  Bytes headers;            ///< the first one's, blanked
  bool has_good_checksums;  ///< the first one
  std::size_t payload_bytes = 0, segments = 0, last_segments = 0;
  unsigned last_id = 0;
  bool counts_up = true, is_constant = true;  ///< the IDs of all
};

bool id_fits(const Group& group, const Facts& next, bool renumber_atomic) {
  if (!next.is_ipv4) return true;
  const bool is_atomic = (get_u16(next.bytes, next.ip + 6) & 0x4000) != 0;
  return group.id_counts_up(next) || (is_atomic && renumber_atomic && group.id_is_constant(next));
}

bool goes_on(const Group& group, const Facts& next, const MergeRules& rules) {
  const Facts& first = group.first;
  const std::size_t payload_bytes = group.payload_bytes;
  const std::size_t segments = group.segments + next.segments;
  const std::size_t ip_bytes = first.payload - first.ip + payload_bytes + next.payload_bytes();
  const bool renumber_atomic = rules.renumber_atomic;
  return (next.is_super ? next.segment_bytes == first.segment_bytes
                        : next.payload_bytes() <= first.segment_bytes) &&
         ip_bytes <= (next.is_tcp && rules.big_tcp ? 512 * 1024 : 65535) &&
         segments <= (next.is_tcp ? 32 * 1024 : 64) && next.payload == first.payload &&
         next.transport == first.transport && next.needs_checksum == first.needs_checksum &&
         same_bytes(next.blanked_headers(), group.headers) &&
         (!next.is_tcp || next.sequence - first.sequence == payload_bytes) &&
         id_fits(group, next, renumber_atomic) && group.has_good_checksums &&
         next.has_good_checksums() &&
         (!next.needs_checksum || next.sum_without_length() == first.sum_without_length());
}

}  // namespace

std::vector<std::vector<std::size_t>> coalesce_naively(std::span<const Packet> packets,
                                                       const MergeRules& rules) {
  std::vector<std::vector<std::size_t>> indices;
  std::vector<std::pair<std::size_t, Group>> open;  // with the place of each in INDICES
  for (std::size_t at = 0; at < packets.size(); ++at) {
    const Packet& packet = packets[at];
    const bool has_flow = packet.layers.payload_offset != 0;
    const bool is_stream =
        packet.layers.protocol == IPPROTO_TCP || packet.layers.protocol == IPPROTO_UDP;
    if (!has_flow) {
      if (packet.layers.ip_version != 0 && (packet.layers.transport_offset == 0 || is_stream))
        open.clear();
      indices.push_back({at});
      continue;
    }
    const Facts facts{packet};
    const bool mergeable = may_be_merged(packet, facts, rules);
    const auto found = std::ranges::find_if(
        open, [&](const auto& other) { return same_bytes(other.second.first.flow, facts.flow); });
    if (found != open.end() && mergeable && goes_on(found->second, facts, rules)) {
      Group& group = found->second;
      indices[found->first].push_back(at);
      group.join(facts);
      if ((!facts.is_super && (facts.flags & kPsh) != 0) ||
          facts.payload_bytes() % group.first.segment_bytes != 0)
        open.erase(found);
      continue;
    }
    if (found != open.end()) open.erase(found);
    if (mergeable && may_be_first(facts)) open.emplace_back(indices.size(), Group{facts});
    indices.push_back({at});
  }
  return indices;
}

}  // namespace tunrelay::test
