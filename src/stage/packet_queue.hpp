// SPDX-License-Identifier: MIT
// Runs of wire segments that wait, first in, first out, with when each came and how much there is
// in all. Nothing is allocated once it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "packet/packet.hpp"
#include "stage/queue_config.hpp"

namespace tunrelay {

/// A packet whose run is what of it still waits.
struct WaitingRun {
  Packet packet;
  std::int64_t arrival_ns = 0;  ///< at this queue
};

/// Used by one thread.
class PacketQueue {
 public:
  /// CAPACITY: runs, at least 2; a queue of that many but one is full whatever its limit says.
  PacketQueue(std::size_t capacity, WireSize wire) : runs_(capacity), wire_(wire) {}

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool has_room() const noexcept { return size_ + 1 < runs_.size(); }
  [[nodiscard]] WaitingRun& front() noexcept { return runs_[first_]; }
  [[nodiscard]] const WaitingRun& front() const noexcept { return runs_[first_]; }

  /// Behind all others. Its segments count already, by count_in().
  void push(const WaitingRun& run) noexcept {
    const std::size_t at = first_ + size_;
    runs_[at < runs_.size() ? at : at - runs_.size()] = run;
    ++size_;
  }
  /// Takes the front off; its segments were counted out.
  void pop() noexcept {
    first_ = first_ + 1 == runs_.size() ? 0 : first_ + 1;
    --size_;
  }

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
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }  ///< wire segments
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }      ///< frame bytes
  [[nodiscard]] std::uint64_t wire_bytes() const noexcept { return wire_bytes_; }
  [[nodiscard]] const WireSize& wire() const noexcept { return wire_; }

 private:
  std::vector<WaitingRun> runs_;
  WireSize wire_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;
};

}  // namespace tunrelay
