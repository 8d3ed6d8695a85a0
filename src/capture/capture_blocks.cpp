// SPDX-License-Identifier: MIT
#include "capture/capture_blocks.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <array>
#include <string>

#include "base/path_nonce.hpp"

namespace tunrelay {
namespace {

// The id of a wire segment is its packet's and its number in it, which has fewer bits.
constexpr int kSegmentBits = 16;

/// What became of a packet that did not leave, and whether it is our own.
std::string_view comment_of(const CaptureRecord& record) {
  constexpr std::size_t kLeft = kDropReasons;  // no reason: it was not dropped
  // [0]: of the user's packets, [1]: of our probes.
  static const auto kComments = [] {
    std::array<std::array<std::string, kDropReasons + 1>, 2> comments;
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      const std::string dropped =
          fmt::format("dropped by tunrelay: {}", to_string(static_cast<DropReason>(reason)));
      comments[0].at(reason) = dropped;
      comments[1].at(reason) = fmt::format("{}, {}", kPathProbeName, dropped);
    }
    comments[1][kLeft] = kPathProbeName;
    return comments;
  }();
  const std::size_t reason = record.dropped ? static_cast<std::size_t>(*record.dropped) : kLeft;
  return kComments.at(record.path_probe ? 1 : 0).at(reason);
}

std::uint32_t direction_of(const CaptureRecord& record) {
  return record.outbound ? PcapngFlags::kOutbound : PcapngFlags::kInbound;
}

std::uint32_t flags_of(const CaptureRecord& record) {
  std::uint32_t flags = direction_of(record);
  if (record.header.needs_checksum()) flags |= PcapngFlags::kChecksumNotReady;
  if (record.header.is_gso() && record.header.type() != GsoType::kUdpSegment)
    flags |= PcapngFlags::kTcpSegmentationOffloaded;
  return flags;
}

}  // namespace

std::string capture_description(std::size_t device) {
  return fmt::format("device {} of tunrelay, inbound: into the relay", device == 0 ? "a" : "b");
}

PcapngBytes capture_header(const CaptureOptions& options, const CaptureSite& site) {
  utsname kernel{};
  ::uname(&kernel);
  PcapngSection section{.application = site.application, .operating_system = kernel.sysname};
  section.operating_system.append(" ").append(kernel.release);
  PcapngBytes header;
  append_block(header, section);
  for (std::size_t device = 0; device < site.devices.size(); ++device)
    append_block(header, PcapngInterface{.name = site.devices.at(device),
                                         .description = capture_description(device),
                                         .link_type = site.link_type,
                                         .snap_bytes = options.snap_bytes,
                                         .filter = options.filter});
  return header;
}

PcapngPacket captured_packet(const CaptureRecord& record, std::span<const std::byte> frame,
                             std::int64_t wall_offset_ns) {
  return {.interface = record.device,
          .time_ns = record.time_ns + wall_offset_ns,
          .bytes = frame,
          .original_bytes = record.frame_bytes,
          .flags = flags_of(record),
          .id = record.packet_id,
          .queue = record.queue,
          .dropped_before = record.lost_before,
          .comment = comment_of(record)};
}

PcapngPacket captured_segment(const CaptureRecord& record, std::span<const std::byte> segment,
                              std::uint16_t number, std::int64_t wall_offset_ns) {
  PcapngPacket packet = captured_packet(record, segment, wall_offset_ns);
  packet.original_bytes = static_cast<std::uint32_t>(segment.size());
  packet.flags = direction_of(record);
  packet.id = record.packet_id << kSegmentBits | (std::uint32_t{record.first_segment} + number);
  if (number != 0) packet.dropped_before = 0;
  return packet;
}

}  // namespace tunrelay
