// SPDX-License-Identifier: MIT
#include "relay/lane_writer.hpp"

#include <netinet/in.h>

#include "packet/segment_run.hpp"

namespace tunrelay {
namespace {

/// The packet as build_run() writes a whole one.
iovec as_read(const Packet& packet) noexcept {
  std::byte* start = packet.frame - kVirtioNetHeaderBytes;
  store_virtio_net_header(start, packet.header);
  return {.iov_base = start, .iov_len = kVirtioNetHeaderBytes + packet.frame_bytes};
}

}  // namespace

LaneWriter::LaneWriter(const TargetPlan& target, Engine& engine) noexcept
    : target_(target), engine_(engine), coalescer_(target.merge) {}

WriteCount LaneWriter::write(std::span<const Packet> packets) noexcept {
  if (!merging().any() || !target_.has_header || packets.size() == 1) {
    for (const Packet& packet : packets) write_plain(packet);
    return {.writes = packets.size()};
  }
  coalescer_.plan(packets);
  WriteCount count{.writes = coalescer_.groups().size()};
  for (const MergeGroup& group : coalescer_.groups()) {
    if (group.count == 1)
      write_plain(packets[group.first]);
    else
      count.big_tcp += write_merged(group) ? 1U : 0U;
  }
  return count;
}

bool LaneWriter::write_merged(const MergeGroup& group) noexcept {
  std::array<iovec, kMaxMergedPieces> pieces;
  std::array<BufferId, kMaxBatch> buffers;
  std::size_t packet_count = 0;
  Tally tally;
  const Layers& layers = coalescer_.first_of(group).layers;
  const bool is_big = group.payload_bytes + layers.payload_offset - layers.ip_offset > kMaxIpBytes;
  coalescer_.for_each_packet(group, [&](const Packet& packet) {
    const Tally one = tally_of(packet);
    tally += one;
    if (is_big) parts_[packet_count] = {.bytes = as_read(packet), .tally = one};
    buffers[packet_count++] = packet.buffer;
  });
  const std::size_t count = coalescer_.build(group, next_slot(), pieces);
  const bool is_tcp = layers.protocol == IPPROTO_TCP;
  engine_.write({target_.endpoint,
                 {buffers.data(), packet_count},
                 tally,
                 {pieces.data(), count},
                 is_big ? Merged::kBigTcp : (is_tcp ? Merged::kTcp : Merged::kUdp),
                 {parts_.data(), is_big ? packet_count : 0}});
  return is_big;
}

void LaneWriter::write_plain(const Packet& packet) noexcept {
  const std::span<const BufferId> buffer(&packet.buffer, 1);
  if (!target_.has_header && !packet.traffic_class.any()) {
    const iovec piece{.iov_base = packet.frame, .iov_len = packet.frame_bytes};
    engine_.write({target_.endpoint, buffer, tally_of(packet), {&piece, 1}});
    return;
  }
  std::array<iovec, kMaxRunPieces> pieces;
  // A whole packet needs no slot: it is written as it was read.
  const bool as_read = packet.is_whole() && !packet.traffic_class.any();
  HeaderSlot& slot = as_read ? slots_.front() : next_slot();
  const std::size_t count = build_run(packet, slot, pieces);
  if (!target_.has_header) {
    pieces[0].iov_base = static_cast<std::byte*>(pieces[0].iov_base) + kVirtioNetHeaderBytes;
    pieces[0].iov_len -= kVirtioNetHeaderBytes;
  }
  engine_.write({target_.endpoint, buffer, tally_of(packet), {pieces.data(), count}});
}

HeaderSlot& LaneWriter::next_slot() noexcept {
  if (slots_used_ == slots_.size()) {
    engine_.flush();
    slots_used_ = 0;
  }
  return slots_[slots_used_++];
}

}  // namespace tunrelay
