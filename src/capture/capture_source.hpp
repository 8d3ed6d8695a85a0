// SPDX-License-Identifier: MIT
// Where a capture takes its packets: at the lanes of one worker, as they come in and as they leave
// or are dropped. The bytes that are wanted are copied into the worker's ring.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/counter.hpp"
#include "base/drop_reason.hpp"
#include "capture/capture_ring.hpp"
#include "packet/gather.hpp"
#include "packet/packet_tap.hpp"
#include "stage/packet_filter.hpp"

namespace tunrelay {

/// What the ring holds of a packet or run, before its bytes.
struct CaptureRecord {
  std::int64_t time_ns = 0;  ///< CLOCK_MONOTONIC
  std::uint64_t packet_id = 0;
  std::uint64_t lost_before = 0;  ///< on the same device and queue, since the record before
  std::uint32_t frame_bytes = 0;  ///< of the packet or run
  std::uint32_t kept_bytes = 0;   ///< that follow
  std::uint16_t queue = 0;
  std::uint16_t first_segment = 0;  ///< where the run begins in its packet
  std::uint8_t device = 0;          ///< 0: a, 1: b
  bool outbound = false;            ///< the relay sends it to the device, or would have
  bool path_probe = false;          ///< our own: base/path_nonce.hpp
  std::optional<DropReason> dropped;
  VirtioNetHeader header;  ///< of the packet or run
};

/// What was counted of one device's packets by one worker.
struct CaptureCounters {
  Counter seen;
  Counter accepted;  ///< by the filter
  Counter lost;      ///< the ring had no room
};

class CaptureSource {
 public:
  struct Limits {
    LinkType link_type = LinkType::kIp;
    std::size_t ring_bytes = 0;
    std::uint32_t snap_bytes = 0;
    std::string filter;  ///< as for tcpdump; empty: none
  };

  /// Throws a usage Error for a filter that libpcap does not take.
  explicit CaptureSource(const Limits& limits);
  ~CaptureSource();
  CaptureSource(const CaptureSource&) = delete;
  CaptureSource& operator=(const CaptureSource&) = delete;

  /// For the worker's lane that reads from DEVICE. The source must outlive it.
  [[nodiscard]] std::unique_ptr<PacketTap> make_tap(std::uint8_t device);

  /// The capture's thread alone.
  [[nodiscard]] CaptureRing& ring() noexcept { return ring_; }
  /// Any thread.
  [[nodiscard]] const CaptureCounters& counters(std::size_t device) const noexcept {
    return counters_.at(device);
  }

 private:
  class LaneTap;

  /// What must be noted of a packet beside its own.
  struct Sight {
    std::int64_t time_ns = 0;
    std::uint8_t device = 0;
    bool outbound = false;
    std::optional<DropReason> dropped;
  };
  void note(const Packet& packet, const Sight& sight) noexcept;

  std::uint32_t snap_bytes_;
  std::optional<PacketFilter> filter_;
  CaptureRing ring_;
  std::array<CaptureCounters, 2> counters_;
  std::array<std::uint64_t, 2> lost_before_{};  ///< by device, since its last record
  HeaderSlot slot_{};
};

}  // namespace tunrelay
