// SPDX-License-Identifier: MIT
// A provided buffer ring (io_uring_register_buf_ring(3)) that is fed from the arena: the
// kernel takes slots from it in the order in which they were given.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>

#include "engine/buffer_arena.hpp"
#include "engine/ring.hpp"

namespace tunrelay {

/// Not thread-safe; used by the ring's thread. The ring and the arena must outlive it.
class BufferRing {
 public:
  /// ENTRIES: a power of two. A read begins READ_OFFSET bytes into a slot. Throws Error.
  BufferRing(Ring& ring, BufferArena& arena, std::uint16_t group, std::size_t entries,
             std::size_t read_offset);
  ~BufferRing();
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;

  /// Gives the kernel free slots until it holds LIMIT of them, the ring is full, or the arena is
  /// empty.
  void refill(std::size_t limit) noexcept;
  /// The kernel took one.
  void taken() noexcept { --held_; }
  [[nodiscard]] std::size_t held() const noexcept { return held_; }

 private:
  Ring& ring_;
  BufferArena& arena_;
  std::uint16_t group_;
  std::size_t entries_;
  std::size_t read_offset_;
  std::size_t held_ = 0;
  std::size_t memory_bytes_;
  io_uring_buf_ring* memory_ = nullptr;
};

}  // namespace tunrelay
