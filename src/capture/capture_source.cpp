// SPDX-License-Identifier: MIT
#include "capture/capture_source.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include "base/clock.hpp"
#include "base/path_nonce.hpp"
#include "packet/segment_run.hpp"

namespace tunrelay {

class CaptureSource::LaneTap final : public PacketTap {
 public:
  LaneTap(CaptureSource& source, std::uint8_t device) : source_(source), device_(device) {}

  void arrived(const Packet& packet) noexcept override {
    source_.note(
        packet,
        {.time_ns = packet.arrival_ns, .device = device_, .outbound = false, .dropped = {}});
  }
  void left(const Packet& packet) noexcept override { note_outbound(packet, {}); }
  void dropped(const Packet& packet, DropReason reason) noexcept override {
    note_outbound(packet, reason);
  }

 private:
  void note_outbound(const Packet& packet, std::optional<DropReason> reason) noexcept {
    const auto target = static_cast<std::uint8_t>(1 - device_);
    source_.note(
        packet, {.time_ns = monotonic_ns(), .device = target, .outbound = true, .dropped = reason});
  }

  CaptureSource& source_;
  std::uint8_t device_;
};

CaptureSource::CaptureSource(const Limits& limits)
    : snap_bytes_(limits.snap_bytes), ring_(limits.ring_bytes) {
  if (!limits.filter.empty()) filter_.emplace(limits.filter, limits.link_type);
}

CaptureSource::~CaptureSource() = default;

std::unique_ptr<PacketTap> CaptureSource::make_tap(std::uint8_t device) {
  return std::make_unique<LaneTap>(*this, device);
}

void CaptureSource::note(const Packet& packet, const Sight& sight) noexcept {
  CaptureCounters& counters = counters_[sight.device];
  counters.seen.add(1);
  if (filter_ && !filter_->matches(packet)) return;
  counters.accepted.add(1);

  // A run is kept as it is written, with headers of its own; a device's header stands before it.
  std::array<iovec, kMaxRunPieces> pieces;
  std::size_t piece_count = 1;
  VirtioNetHeader header = packet.header;
  if (packet.is_whole() && !packet.traffic_class.any()) {
    pieces[0] = {.iov_base = packet.frame, .iov_len = packet.frame_bytes};
  } else {
    piece_count = build_run(packet, slot_, pieces);
    header = load_virtio_net_header(slot_.data());
    pieces[0].iov_base = slot_.data() + kVirtioNetHeaderBytes;
    pieces[0].iov_len -= kVirtioNetHeaderBytes;
  }
  std::size_t frame_bytes = 0;
  for (std::size_t at = 0; at < piece_count; ++at) frame_bytes += pieces[at].iov_len;
  std::size_t left = std::min<std::size_t>(frame_bytes, snap_bytes_);

  std::byte* place = ring_.reserve(sizeof(CaptureRecord) + left);
  if (place == nullptr) {
    counters.lost.add(1);
    ++lost_before_[sight.device];
    return;
  }
  new (place) CaptureRecord{.time_ns = sight.time_ns,
                            .packet_id = packet.id,
                            .lost_before = std::exchange(lost_before_[sight.device], 0),
                            .frame_bytes = static_cast<std::uint32_t>(frame_bytes),
                            .kept_bytes = static_cast<std::uint32_t>(left),
                            .queue = packet.queue,
                            .first_segment = packet.run.first,
                            .device = sight.device,
                            .outbound = sight.outbound,
                            .path_probe = is_path_probe(packet.payload()),
                            .dropped = sight.dropped,
                            .header = header};
  place += sizeof(CaptureRecord);
  for (std::size_t at = 0; at < piece_count && left != 0; ++at) {
    const std::size_t bytes = std::min(left, pieces[at].iov_len);
    std::memcpy(place, pieces[at].iov_base, bytes);
    place += bytes;
    left -= bytes;
  }
  ring_.publish();
}

}  // namespace tunrelay
