// SPDX-License-Identifier: MIT
// The packets of one turn in arrival order: a plain value of fixed size, never allocated
// on the way.
#pragma once

#include <array>
#include <cstddef>

#include "base/ensure.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// The packets that one lane handles in one turn. The engine hands over no more at once.
inline constexpr std::size_t kMaxBatch = 128;

class Batch {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == packets_.size(); }
  void clear() noexcept { size_ = 0; }
  void push(const Packet& packet) noexcept {
    ensure(size_ < packets_.size(), "a batch holds at most kMaxBatch packets");
    packets_[size_++] = packet;
  }
  Packet& operator[](std::size_t at) noexcept { return packets_[at]; }
  const Packet& operator[](std::size_t at) const noexcept { return packets_[at]; }
  Packet* begin() noexcept { return packets_.data(); }
  Packet* end() noexcept { return packets_.data() + size_; }
  [[nodiscard]] const Packet* begin() const noexcept { return packets_.data(); }
  [[nodiscard]] const Packet* end() const noexcept { return packets_.data() + size_; }

 private:
  std::array<Packet, kMaxBatch> packets_;
  std::size_t size_ = 0;
};

}  // namespace tunrelay
