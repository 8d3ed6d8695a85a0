// SPDX-License-Identifier: MIT
#include "stage/own_frame.hpp"

#include <cstring>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

// Below these bits ids count what was read.
constexpr std::uint64_t kOwnFrame = std::uint64_t{1} << 63U;
constexpr std::uint64_t kOwnFrameOfLink = std::uint64_t{1} << 62U;

}  // namespace

bool make_own_frame(Packet& packet, StageOutput& output) noexcept {
  WireSegmentCopier copier(packet);
  return make_own_frame(packet, copier, output);
}

bool make_own_frame(Packet& packet, WireSegmentCopier& copier, StageOutput& output) noexcept {
  ensure(packet.run.count() == 1, "a frame of its own is made of one wire segment");
  const std::size_t bytes = wire_segment_bytes(packet, packet.run.first);
  const std::optional<FrameBuffer> space = output.take_buffer(packet);
  if (!space) return false;
  copier.copy(packet.run.first, {space->frame, bytes});
  // The headers of a segment are as long as the whole packet's, so the layers stay.
  Packet own = packet;
  own.frame = space->frame;
  own.frame_bytes = static_cast<std::uint32_t>(bytes);
  own.buffer = space->buffer;
  own.queue = space->queue;
  own.run = {};
  own.header = {};
  own.traffic_class = {};  // the copy bears it
  output.commit(own);
  output.consume(packet);
  packet = own;
  return true;
}

std::optional<Packet> add_frame(std::span<const std::byte> bytes, const Packet& like,
                                StageOutput& output) noexcept {
  const std::optional<FrameBuffer> space = output.take_buffer(like);
  if (!space) return std::nullopt;
  std::memcpy(space->frame, bytes.data(), bytes.size());
  Packet packet;
  packet.frame = space->frame;
  packet.frame_bytes = static_cast<std::uint32_t>(bytes.size());
  packet.buffer = space->buffer;
  packet.queue = space->queue;
  packet.arrival_ns = like.arrival_ns;
  packet.handed_ns = like.handed_ns;
  packet.id = like.id;
  output.commit(packet);
  return packet;
}

std::optional<Packet> FrameSource::make(std::span<const std::byte> bytes, std::int64_t now_ns,
                                        StageOutput& output) noexcept {
  Packet like;
  like.queue = static_cast<std::uint16_t>(place_.queue);
  like.arrival_ns = now_ns;
  like.handed_ns = now_ns;
  like.id = kOwnFrame | (place_.is_link ? kOwnFrameOfLink : 0) | (++frames_made_ << 24U) |
            (place_.stage << 9U) | (place_.queue << 1U) | place_.end;
  return add_frame(bytes, like, output);
}

}  // namespace tunrelay
