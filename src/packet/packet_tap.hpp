// SPDX-License-Identifier: MIT
// What wants to see the packets of one lane as they come and as they go, without having a say
// in what becomes of them: a capture, a table of flows.
#pragma once

#include <memory>
#include <utility>

#include "base/drop_reason.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// Called by the lane's worker alone, on the packet's path: it must not throw, block or
/// allocate. What it wants of a packet it copies; a packet's memory is another's afterwards.
class PacketTap {
 public:
  virtual ~PacketTap() = default;
  /// Read from the source: whole, at its arrival_ns. A malformed one too, which is dropped next.
  virtual void arrived(const Packet& packet) noexcept = 0;
  /// On its way to the target, whole or as a run. Whether the kernel takes it is reported by the
  /// counters alone.
  virtual void left(const Packet& packet) noexcept = 0;
  virtual void dropped(const Packet& packet, DropReason reason) noexcept = 0;
};

/// Shows packets to FIRST, then to SECOND; what is null sees none.
[[nodiscard]] inline std::unique_ptr<PacketTap> both_taps(std::unique_ptr<PacketTap> first,
                                                          std::unique_ptr<PacketTap> second) {
  class Both final : public PacketTap {
   public:
    Both(std::unique_ptr<PacketTap> first, std::unique_ptr<PacketTap> second)
        : first_(std::move(first)), second_(std::move(second)) {}
    void arrived(const Packet& packet) noexcept override {
      first_->arrived(packet);
      second_->arrived(packet);
    }
    void left(const Packet& packet) noexcept override {
      first_->left(packet);
      second_->left(packet);
    }
    void dropped(const Packet& packet, DropReason reason) noexcept override {
      first_->dropped(packet, reason);
      second_->dropped(packet, reason);
    }

   private:
    std::unique_ptr<PacketTap> first_, second_;
  };
  if (!first) return second;
  if (!second) return first;
  return std::make_unique<Both>(std::move(first), std::move(second));
}

}  // namespace tunrelay
