// SPDX-License-Identifier: MIT
#include "packet/coalesce.hpp"

#include <netinet/in.h>

#include "base/ensure.hpp"
#include "packet/flow.hpp"
#include "packet/merged_headers.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {

void Coalescer::plan(std::span<const Packet> packets) noexcept {
  ensure(packets.size() <= kMaxBatch, "a plan is for one batch");
  packets_ = packets;
  begin_turn();
  const auto count = static_cast<std::uint16_t>(packets.size());
  if (count == 1) {  // the common batch of a quiet link
    add_group(0);
    return;
  }
  for (std::uint16_t at = 0; at < count; ++at) {
    const MergeRole role = role_of(packets[at]);
    // Without an open group only an opener changes anything: a batch of acknowledgements, of other
    // protocols, or of super-packets that the target takes no larger does not get further than
    // this.
    if (role == MergeRole::kBystander || (open_count_ == 0 && role != MergeRole::kOpener)) {
      add_group(at);
    } else if (role == MergeRole::kUnknownFlow) {
      close_all();
      add_group(at);
    } else {
      place(at, role);
    }
  }
}

void Coalescer::begin_turn() noexcept {
  group_count_ = 0;
  open_count_ = 0;
  latest_open_ = kNoGroup;
  if (++turn_ != 0) return;
  flows_.fill({});  // the count went round: entries of long ago would pass for new ones
  turn_ = 1;
}

MergeRole Coalescer::role_of(const Packet& packet) const noexcept {
  const MergeRole role = merge_role(packet);
  if (role == MergeRole::kSuperPacket)
    return rules_.tcp && rules_.big_tcp ? MergeRole::kOpener : MergeRole::kLoner;
  if (role != MergeRole::kOpener && role != MergeRole::kCloser) return role;
  const bool may_merge = packet.layers.protocol == IPPROTO_TCP ? rules_.tcp : rules_.udp;
  return may_merge ? role : MergeRole::kLoner;
}

std::uint16_t Coalescer::add_group(std::uint16_t packet) noexcept {
  const auto group = static_cast<std::uint16_t>(group_count_++);
  groups_[group] = {.first = packet, .last = packet, .count = 1, .payload_bytes = 0};
  open_[group].first = nullptr;
  return group;
}

void Coalescer::close(std::uint16_t group) noexcept {
  groups_[group].payload_bytes = open_[group].payload_bytes;
  open_[group].first = nullptr;
  --open_count_;
  if (latest_open_ == group) latest_open_ = kNoGroup;
}

void Coalescer::close_all() noexcept {
  for (std::uint16_t group = 0; open_count_ != 0; ++group)
    if (is_open(group)) close(group);
}

Coalescer::FlowEntry& Coalescer::find_flow(const Packet& packet) noexcept {
  const std::uint32_t hash = flow_hash(packet);
  std::size_t at = hash % kFlowEntries;
  for (; flows_[at].turn == turn_; at = (at + 1) % kFlowEntries)
    if (flows_[at].hash == hash && is_same_flow(packet, packets_[groups_[flows_[at].group].first]))
      return flows_[at];
  flows_[at].hash = hash;
  flows_[at].group = kNoGroup;
  return flows_[at];
}

void Coalescer::place(std::uint16_t at, MergeRole role) noexcept {
  const Packet& packet = packets_[at];
  if (latest_open_ != kNoGroup && is_same_flow(packet, *open_[latest_open_].first) &&
      role != MergeRole::kLoner && may_join(open_[latest_open_], packet, rules_)) {
    return join(latest_open_, at, role);
  }
  FlowEntry& flow = find_flow(packet);
  if (flow.group != kNoGroup && is_open(flow.group)) {
    if (role != MergeRole::kLoner && flow.group != latest_open_ &&
        may_join(open_[flow.group], packet, rules_)) {
      latest_open_ = flow.group;
      return join(flow.group, at, role);
    }
    close(flow.group);
  }
  const std::uint16_t group = add_group(at);
  const std::uint32_t payload_bytes = packet.frame_bytes - packet.layers.payload_offset;
  const std::uint32_t segment_bytes = segment_payload_bytes(packet);
  // A shorter segment can only be the last.
  if (role != MergeRole::kOpener || payload_bytes % segment_bytes != 0) return;
  flow.turn = turn_;
  flow.group = group;
  latest_open_ = group;
  open_[group] = {.first = &packet,
                  .segments = packet.segments(),
                  .payload_bytes = payload_bytes,
                  .segment_bytes = segment_bytes,
                  .id_step = IdStep::kUndecided,
                  .first_verified = false};
  ++open_count_;
}

void Coalescer::join(std::uint16_t group, std::uint16_t at, MergeRole role) noexcept {
  const std::uint32_t payload_bytes = packets_[at].frame_bytes - packets_[at].layers.payload_offset;
  next_[groups_[group].last] = at;
  groups_[group].last = at;
  ++groups_[group].count;
  open_[group].segments += packets_[at].segments();
  open_[group].payload_bytes += payload_bytes;
  groups_[group].payload_bytes = open_[group].payload_bytes;
  // A shorter segment, and a packet with PSH, can only be the last.
  if (role == MergeRole::kCloser || payload_bytes % open_[group].segment_bytes != 0) close(group);
}

std::size_t Coalescer::build(const MergeGroup& group, HeaderSlot& slot,
                             std::span<iovec, kMaxMergedPieces> pieces) const noexcept {
  return group.count == 1 ? build_run(packets_[group.first], slot, pieces.first<kMaxRunPieces>())
                          : build_merged(group, slot, pieces);
}

std::size_t Coalescer::build_merged(const MergeGroup& group, HeaderSlot& slot,
                                    std::span<iovec, kMaxMergedPieces> pieces) const noexcept {
  const Packet& first = packets_[group.first];
  const bool is_tcp = first.layers.protocol == IPPROTO_TCP;
  MergedShape shape{.payload_bytes = group.payload_bytes};
  std::size_t count = 1;
  for_each_packet(group, [&](const Packet& packet) {
    const std::byte* transport = packet.frame + packet.layers.transport_offset;
    shape.push = shape.push || (is_tcp && (load_u8(transport + tcp::kFlags) & tcp::kPsh) != 0);
    pieces[count++] = {.iov_base = packet.frame + packet.layers.payload_offset,
                       .iov_len = packet.frame_bytes - packet.layers.payload_offset};
  });
  pieces[0] = {.iov_base = slot.data(), .iov_len = build_merged_headers(first, shape, slot)};
  return count;
}

}  // namespace tunrelay
