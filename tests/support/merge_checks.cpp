// SPDX-License-Identifier: MIT
#include "support/merge_checks.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <utility>

#include "support/naive_coalescer.hpp"
#include "support/naive_segmenter.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {

Frame without_atomic_id(Frame frame, LinkType link_type) {
  const std::size_t ip = naive_ip_offset(frame.bytes, link_type);
  const bool is_atomic = std::to_integer<int>(frame.bytes[ip]) >> 4 == 4 &&
                         (get_u16(frame.bytes, ip + 6) & 0x4000) != 0;
  if (is_atomic) {
    set_u16(frame.bytes, ip + 4, 0);
    set_u16(frame.bytes, ip + 10, 0);
  }
  return frame;
}

MergeChecks::MergeChecks(Coalescer& coalescer, const MergeRules& rules, ScriptedBatch batch)
    : coalescer_(coalescer), rules_(rules), batch_(std::move(batch)) {
  owned_.reserve(batch_.frames.size());
  packets_.reserve(batch_.frames.size());
  for (const Frame& frame : batch_.frames)
    owned_.emplace_back(frame, LinkLimits{batch_.link_type, kAnyMtu});
  for (const OwnedPacket& owned : owned_) packets_.push_back(owned.packet);
}

std::string MergeChecks::run() {
  for (const OwnedPacket& owned : owned_)
    if (owned.fault) return "a scripted packet is refused";
  coalescer_.plan(packets_);
  std::vector<std::vector<std::size_t>> planned;
  for (const MergeGroup& group : coalescer_.groups()) {
    planned.emplace_back();
    coalescer_.for_each_packet(group, [&](const Packet& packet) {
      planned.back().push_back(static_cast<std::size_t>(&packet - packets_.data()));
    });
    if (planned.back().size() != group.count) return "a group's count is not that of its packets";
    merged_packets_ += group.count > 1 ? group.count : 0;
  }
  if (planned != coalesce_naively(packets_, rules_))
    return "the groups are not those of the naive coalescer";
  if (std::string fault = check_order(planned); !fault.empty()) return fault;
  for (std::size_t at = 0; at < planned.size(); ++at)
    if (std::string fault = check_group(coalescer_.groups()[at], planned[at]); !fault.empty())
      return fault;
  return {};
}

/// Every packet once; no two packets of one pair of ports have changed places.
std::string MergeChecks::check_order(const std::vector<std::vector<std::size_t>>& planned) const {
  std::vector<std::size_t> order;
  for (const auto& group : planned) order.insert(order.end(), group.begin(), group.end());
  const bool is_sorted = std::ranges::is_sorted(order);
  for (std::size_t at = 0; at < order.size() && !is_sorted; ++at)
    for (std::size_t later = at + 1; later < order.size(); ++later)
      if (order[later] < order[at] && may_be_one_flow(order[at], order[later]))
        return "a packet has overtaken another one of its flow";
  std::ranges::sort(order);
  for (std::size_t at = 0; at < order.size(); ++at)
    if (order[at] != at) return "a packet is missing or there twice";
  return order.size() == packets_.size() ? "" : "packets are missing";
}

bool MergeChecks::may_be_one_flow(std::size_t left, std::size_t right) const {
  const auto ends = [&](std::size_t at) {
    const Packet& packet = packets_[at];
    const bool is_ipv4 = packet.layers.ip_version == 4;
    const auto bytes = packet.bytes();
    return bytes.subspan(packet.layers.ip_offset + (is_ipv4 ? 12U : 8U), is_ipv4 ? 8 : 32);
  };
  const Packet& one = packets_[left];
  const Packet& other = packets_[right];
  if (one.layers.protocol != other.layers.protocol || !same_bytes(ends(left), ends(right)))
    return false;
  if (one.layers.payload_offset == 0 || other.layers.payload_offset == 0)
    return one.layers.transport_offset == 0 || other.layers.transport_offset == 0;
  return get_u32(one.bytes(), one.layers.transport_offset) ==
         get_u32(other.bytes(), other.layers.transport_offset);
}

std::string MergeChecks::check_group(const MergeGroup& group,
                                     const std::vector<std::size_t>& members) const {
  HeaderSlot slot;
  std::array<iovec, kMaxMergedPieces> pieces;
  const std::size_t count = coalescer_.build(group, slot, pieces);
  const Frame built = gathered(std::span{pieces}.first(count));
  if (members.size() == 1) {
    const Packet& packet = packets_[members[0]];
    const Frame& read = batch_.frames[members[0]];
    return built.header == packet.header && same_bytes(built.bytes, read.bytes)
               ? ""
               : "a packet that was not merged is not written as it was read";
  }
  // Who reads packets of a device never meets one of more than 64 KiB: those lengths are
  // checked by themselves.
  const auto plain = with_plain_lengths(built, batch_.link_type);
  if (!plain) return "a merged packet of more than 64 KiB states another length";
  if (built.bytes.size() - naive_ip_offset(built.bytes, batch_.link_type) <= kMaxIpBytes) {
    const OwnedPacket again{built, {batch_.link_type, kAnyMtu}};
    if (again.fault) return "a merged packet is refused by parse()";
    if (again.packet.header != built.header) return "a merged packet's header is not in order";
  }
  return check_segments(segment_naively(*plain, batch_.link_type), expected_segments(members));
}

/// The wire segments of what was merged: PSH, which super-packets may have had, is left on the
/// last one alone.
std::vector<Frame> MergeChecks::expected_segments(const std::vector<std::size_t>& members) const {
  constexpr std::byte kPsh{0x08};
  std::vector<Frame> expected;
  std::byte push{};
  for (const std::size_t member : members) {
    const bool is_super = batch_.frames[member].header.gso_type != 0 &&
                          packets_[member].layers.protocol == IPPROTO_TCP;
    for (Frame& segment : segment_naively(batch_.frames[member], batch_.link_type)) {
      if (is_super) {
        std::byte& flags = segment.bytes.at(packets_[member].layers.transport_offset + 13U);
        push |= flags & kPsh;
        flags &= ~kPsh;
      }
      expected.push_back(std::move(segment));
    }
  }
  if (push != std::byte{})
    expected.back().bytes.at(packets_[members[0]].layers.transport_offset + 13U) |= push;
  return expected;
}

std::string MergeChecks::check_segments(std::vector<Frame> segments,
                                        std::vector<Frame> expected) const {
  if (segments.size() != expected.size()) return "a merged packet has other segments";
  for (std::size_t at = 0; at < segments.size(); ++at) {
    if (segments[at] == expected[at]) continue;
    Frame wanted = completed(std::move(expected[at]));
    Frame segment = completed(std::move(segments[at]));
    if (rules_.renumber_atomic) {
      wanted = without_atomic_id(std::move(wanted), batch_.link_type);
      segment = without_atomic_id(std::move(segment), batch_.link_type);
    }
    if (!same_bytes(wanted.bytes, segment.bytes))
      return "a merged packet does not come out as it was";
  }
  return {};
}

}  // namespace tunrelay::test
