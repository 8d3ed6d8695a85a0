// A worker's packet memory: a fixed number of slots with counted references. A slot whose
// last reference goes is free again; the engine then gives it back to the kernel's buffer
// ring (uring) or reads into it (syscall).
//
// Free slots are a stack for each endpoint that reads into them: the slot given back last is
// used next, while it is still in the cache, and the slots that one direction fills with
// super-packets stay apart from those that acknowledgements only touch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "packet/packet.hpp"

namespace tunrelay {

/// Not thread-safe: one worker's thread alone.
class BufferArena {
 public:
  /// The largest frame that a TUN or TAP hands over: 65,535 bytes behind an Ethernet header
  /// with two VLAN tags, and the virtio-net header before it.
  static constexpr std::size_t kSlotBytes = kVirtioNetHeaderBytes + 14 + 2 * 4 + 65535;

  /// Maps and touches the memory, so that no page fault happens later. Throws Error.
  explicit BufferArena(std::size_t slots);
  ~BufferArena();
  BufferArena(const BufferArena&) = delete;
  BufferArena& operator=(const BufferArena&) = delete;

  /// The first byte of the slot; kSlotBytes may be used.
  [[nodiscard]] std::byte* data(BufferId id) const noexcept { return memory_ + id * kStride; }
  [[nodiscard]] std::size_t slots() const noexcept { return references_.size(); }
  [[nodiscard]] std::size_t free_slots() const noexcept {
    return free_[0].size() + free_[1].size();
  }
  [[nodiscard]] std::size_t mapped_bytes() const noexcept { return mapped_bytes_; }

  /// Takes a free slot, with one reference, for READER (0 or 1) to read into: one that it used
  /// before where there is one. Nothing when all are in use.
  [[nodiscard]] std::optional<BufferId> take(std::uint8_t reader) noexcept;
  /// One more holder of the slot, for example a second run of its segments.
  void retain(BufferId id) noexcept { ++references_[id]; }
  /// One holder less; the last one frees the slot.
  void release(BufferId id) noexcept;

 private:
  // An odd number of cache lines, so that the first lines of neighbouring slots, the only
  // ones that small packets touch, do not share a cache set.
  static constexpr std::size_t kLineBytes = 64;
  static constexpr std::size_t kStride =
      ((kSlotBytes + kLineBytes - 1) / kLineBytes | 1) * kLineBytes;

  std::byte* memory_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::vector<std::uint16_t> references_;
  std::vector<std::uint8_t> readers_;          ///< who used a slot last
  std::array<std::vector<BufferId>, 2> free_;  ///< by reader
};

}  // namespace tunrelay
