// SPDX-License-Identifier: MIT
// The memory in which an endpoint's frames are shown to Python: chunks, each for many frames. It is
// address space first, and memory as far as it is used. Frames are copied into it, so that a
// memoryview that Python keeps, for however long, reads memory that is there.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "python/bridge.h"
#include "python/spsc_ring.hpp"

namespace tunrelay::python {

class ChunkPool {
 public:
  static constexpr std::size_t kChunks = 64;
  /// Room for three of the largest frames.
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 18;

  /// Throws std::bad_alloc.
  explicit ChunkPool(std::uint32_t endpoint) : returned_(kChunks) {
    memory_ = ::mmap(nullptr, kChunks * kStride, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    for (std::size_t number = kChunks; number-- != 0;) {
      at(number).endpoint = endpoint;
      at(number).number = static_cast<std::uint32_t>(number);
      free_.push_back(static_cast<std::uint32_t>(number));
    }
  }
  ~ChunkPool() { ::munmap(memory_, kChunks * kStride); }
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  [[nodiscard]] tunrelay_bridge_chunk& at(std::size_t number) noexcept {
    return *reinterpret_cast<tunrelay_bridge_chunk*>(static_cast<std::byte*>(memory_) +
                                                     number * kStride);
  }

  /// Null when Python has them all. The one that came back last: it is in the cache. The relay's
  /// thread.
  [[nodiscard]] tunrelay_bridge_chunk* take() noexcept {
    if (free_.empty()) return nullptr;
    tunrelay_bridge_chunk& chunk = at(free_.back());
    free_.pop_back();
    chunk.count = 0;
    chunk.ways = 0;
    return &chunk;
  }
  /// Those that have come back can be taken from now on. The relay's thread.
  void collect() noexcept {
    for (std::uint32_t number = 0; returned_.pop(number);) free_.push_back(number);
  }
  /// Python's side: one that it was given is not used any more.
  void give_back(std::uint32_t number) noexcept { returned_.push(number); }

 private:
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kStride =
      (sizeof(tunrelay_bridge_chunk) + kChunkBytes + kPage - 1) / kPage * kPage;

  void* memory_ = nullptr;
  std::vector<std::uint32_t> free_;  ///< the relay's thread alone
  SpscRing<std::uint32_t> returned_;
};

}  // namespace tunrelay::python
