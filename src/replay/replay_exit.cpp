// SPDX-License-Identifier: MIT
#include "replay/replay_exit.hpp"

#include <sys/uio.h>

#include <string_view>

#include "base/error.hpp"
#include "os/output_file.hpp"
#include "os/whole_file.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kReplayWriteBytes = std::size_t{1} << 20U;
// The longest frame, and room for any Ethernet header with tags.
constexpr std::size_t kMaxFrameBytes = 65535 + 64;

}  // namespace

ReplayExit::ReplayExit(const ReplayOptions& options, LinkType link_type, FrameStore& store,
                       ReplayReport& report)
    : path_(options.output),
      file_(open_output(options.output, "write the packets to", kOwnerOnly)),
      store_(store),
      report_(report) {
  append_block(blocks_, PcapngSection{.application = options.application, .operating_system = {}});
  append_block(blocks_, PcapngInterface{.name = options.direction == 0 ? "b" : "a",
                                        .description = "what left the emulated link",
                                        .link_type = link_type,
                                        .snap_bytes = 0,
                                        .filter = {}});
}

void ReplayExit::write_blocks() noexcept {
  const std::string_view text(reinterpret_cast<const char*>(blocks_.data()), blocks_.size());
  if (write_errno_ == 0) write_errno_ = write_all(file_.get(), text);
  blocks_.clear();
}

void ReplayExit::finish() {
  write_blocks();
  if (write_errno_ != 0) throw_system_error(write_errno_, "write the packets to", path_);
}

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
  append_block(blocks_, PcapngPacket{.interface = 0,
                                     .time_ns = now_ns_,
                                     .bytes = frame,
                                     .original_bytes = static_cast<std::uint32_t>(frame.size()),
                                     .flags = PcapngFlags::kOutbound,
                                     .id = packet.id,
                                     .queue = 0,
                                     .dropped_before = 0,
                                     .comment = {}});
  if (blocks_.size() > kReplayWriteBytes) write_blocks();
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
