// SPDX-License-Identifier: MIT
// The way of captured packets off the packet path: a ring of bytes between one worker, which puts
// records in, and one thread, which takes them out. It never blocks and never grows: what it has
// no room for is the worker's to count.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tunrelay {

class CaptureRing {
 public:
  /// Room for at least BYTES, touched at once, so that no page fault happens later.
  explicit CaptureRing(std::size_t bytes);

  /// The worker: memory for a record of BYTES in one piece, 8-byte aligned, which publish() then
  /// hands over; null when there is no room. A record is at most a quarter of the ring.
  [[nodiscard]] std::byte* reserve(std::size_t bytes) noexcept;
  void publish() noexcept;

  /// The reader: the oldest record, its own until pop(), with up to 7 bytes behind it that mean
  /// nothing; empty when there is none.
  [[nodiscard]] std::span<std::byte> front() noexcept;
  void pop() noexcept;
  /// The reader: whether the worker may soon find no room.
  [[nodiscard]] bool is_half_full() const noexcept;

  [[nodiscard]] std::size_t capacity() const noexcept { return memory_.size(); }

 private:
  static constexpr std::size_t kLineBytes = 64;

  std::vector<std::byte> memory_;  ///< a power of two
  // Positions only grow; where they stand in the memory is their rest.
  alignas(kLineBytes) std::atomic<std::uint64_t> head_{0};  ///< behind the newest record
  std::uint64_t reserved_ = 0;                              ///< the worker's: where head_ will be
  std::uint64_t seen_tail_ = 0;                             ///< the worker's: tail_ some time ago
  alignas(kLineBytes) std::atomic<std::uint64_t> tail_{0};  ///< the oldest record
};

}  // namespace tunrelay
