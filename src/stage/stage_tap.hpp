// SPDX-License-Identifier: MIT
// What wants to see the packets of one stage of a link as they come and as they go, without having
// a say in what becomes of them. (packet/packet_tap.hpp is the same for a whole lane.)
#pragma once

#include <cstdint>

#include "packet/packet.hpp"

namespace tunrelay {

/// Called by the stage's worker alone, on the packet's path: it must not throw, block or allocate.
/// NOW_NS: CLOCK_MONOTONIC of the worker's turn; Packet::handed_ns is when the stage was given it.
class StageTap {
 public:
  virtual ~StageTap() = default;
  virtual void taken(const Packet& packet, std::int64_t now_ns) noexcept = 0;
  virtual void passed(const Packet& packet, std::int64_t now_ns) noexcept = 0;
  virtual void dropped(const Packet& packet, std::int64_t now_ns) noexcept = 0;
};

}  // namespace tunrelay
