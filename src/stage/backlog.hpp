// SPDX-License-Identifier: MIT
// How much waits before a link, and whether that is too much.
#pragma once

#include <cstdint>

#include "packet/packet.hpp"
#include "stage/queue_config.hpp"
#include "stage/run_list.hpp"

namespace tunrelay {

/// Counts wire segments in and out. Used by one thread.
class Backlog {
 public:
  explicit Backlog(WireSize wire) : wire_(wire) {}

  void count_in(std::uint32_t frame_bytes) noexcept {
    ++packets_;
    bytes_ += frame_bytes;
    wire_bytes_ += wire_.bytes_of(frame_bytes);
  }
  void count_out(std::uint32_t frame_bytes) noexcept {
    --packets_;
    bytes_ -= frame_bytes;
    wire_bytes_ -= wire_.bytes_of(frame_bytes);
  }
  /// All segments of PACKET's run, and their frame bytes: but for the last they are alike.
  std::uint64_t count_in_run(const Packet& packet) noexcept {
    const std::uint32_t last = wire_segment_bytes(packet, packet.run.last - 1U);
    const std::uint32_t others = wire_segment_bytes(packet, packet.run.first);
    const std::uint64_t count = packet.run.count() - 1U;
    const std::uint64_t bytes = count * others + last;
    packets_ += count + 1;
    bytes_ += bytes;
    wire_bytes_ += count * wire_.bytes_of(others) + wire_.bytes_of(last);
    return bytes;
  }

  /// What FORMER has counted is counted here. EACH_LIST(visit) calls visit(list) for all lists of
  /// what waits in POOL.
  template <typename EachList>
  void take_over(const Backlog& former, const RunPool& pool, const EachList& each_list) noexcept {
    const WireSize wire = wire_;
    *this = former;
    if (wire == wire_) return;
    Backlog anew(wire);
    each_list([&](const RunList& list) {
      list.for_each(pool, [&](const WaitingRun& waiting) { anew.count_in_run(waiting.packet); });
    });
    wire_ = wire;
    wire_bytes_ = anew.wire_bytes_;
  }

  /// The first segment of PACKET's run was counted on the wire, and must not be.
  void leave_out(const Packet& packet) noexcept {
    wire_bytes_ -= wire_.bytes_of(wire_segment_bytes(packet, packet.run.first));
  }

  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }  ///< wire segments
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }      ///< frame bytes
  [[nodiscard]] std::uint64_t wire_bytes() const noexcept { return wire_bytes_; }
  [[nodiscard]] const WireSize& wire() const noexcept { return wire_; }

  /// Whether it is more than CONFIG's limit on a link of BITS_PER_S, with one more segment of
  /// FRAME_BYTES where that is not 0.
  [[nodiscard]] bool is_over(const QueueConfig& config, std::uint32_t frame_bytes,
                             std::uint64_t bits_per_s) const noexcept {
    switch (config.limit_unit) {
      case QueueLimitUnit::kPackets:
        return packets_ + (frame_bytes != 0 ? 1 : 0) > config.limit;
      case QueueLimitUnit::kBytes:
        return bytes_ + frame_bytes > config.limit;
      case QueueLimitUnit::kNanoseconds:
        break;
    }
    const std::uint64_t wire_bytes =
        wire_bytes_ + (frame_bytes != 0 ? wire_.bytes_of(frame_bytes) : 0);
    const double wait_s = static_cast<double>(wire_bytes) * 8 / static_cast<double>(bits_per_s);
    return wait_s * kNanosecondsPerSecond > static_cast<double>(config.limit);
  }

 private:
  WireSize wire_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;
};

}  // namespace tunrelay
