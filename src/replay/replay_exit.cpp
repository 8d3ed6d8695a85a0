// SPDX-License-Identifier: MIT
#include "replay/replay_exit.hpp"

#include <sys/uio.h>

#include "packet/segment_run.hpp"

namespace tunrelay {
namespace {

// The longest frame, and room for any Ethernet header with tags.
constexpr std::size_t kMaxFrameBytes = 65535 + 64;

}  // namespace

void ReplayExit::pass(const Packet& packet) noexcept {
  // Packets of a file are single wire segments: all that may be left to do is ECN's mark.
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  const std::size_t count = build_run(packet, slot, pieces);
  PcapngBytes frame;
  for (std::size_t at = 0; at < count; ++at) {
    const auto* start = static_cast<const std::byte*>(pieces[at].iov_base);
    frame.insert(frame.end(), start + (at == 0 ? kVirtioNetHeaderBytes : 0),
                 start + pieces[at].iov_len);
  }
  output_.append({.interface = interface_,
                  .time_ns = now_ns_,
                  .bytes = frame,
                  .original_bytes = static_cast<std::uint32_t>(frame.size()),
                  .flags = PcapngFlags::kOutbound,
                  .id = packet.id,
                  .queue = 0,
                  .dropped_before = 0,
                  .comment = {}});
  report_.written += tally_of(packet);
  store_.release(packet.buffer);
}

void ReplayExit::drop(const Packet& packet, DropReason reason) noexcept {
  report_.dropped.at(static_cast<std::size_t>(reason)) += tally_of(packet);
  store_.release(packet.buffer);
}

void ReplayExit::copy(const Packet& packet) noexcept {
  report_.made += tally_of(packet);
  store_.retain(packet.buffer);
}

std::optional<FrameBuffer> ReplayExit::take_buffer(const Packet& packet) noexcept {
  const auto buffer = store_.take(kMaxFrameBytes);
  if (!buffer) return std::nullopt;
  return FrameBuffer{*buffer, packet.queue, store_.frame(*buffer)};
}

void ReplayExit::commit(const Packet& packet) noexcept {
  report_.made += tally_of(packet);
}

void ReplayExit::consume(const Packet& packet) noexcept {
  report_.made -= tally_of(packet);
  store_.release(packet.buffer);
}

}  // namespace tunrelay
