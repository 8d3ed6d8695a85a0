// SPDX-License-Identifier: MIT
// A worker's packet memory: a fixed number of slots with counted references. A slot whose
// last reference goes is free again; the engine then gives it back to the kernel's buffer
// ring (uring) or reads into it (syscall).
//
// Free slots are a stack for each endpoint that reads into them: the slot given back last is
// used next, while it is still in the cache, and the slots that one direction fills with
// super-packets stay apart from those that acknowledgements only touch. So do those for frames that
// stages make: a page each, of which there are 45 for one super-packet that a stage changes.
//
// Stages may queue packets for long: large ones in the slots that they were read into, small
// ones copied to slots of their size. So behind the few slots that a relay at full speed goes round
// in there is address space for many more, which become memory when they are first used, and are
// given back when they have not been for a while: a link with a delay costs what it queues, one
// without nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/counter.hpp"
#include "engine/compact_slots.hpp"
#include "engine/recent_peak.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// Not thread-safe, but for what says otherwise: one worker's thread alone.
class BufferArena {
 public:
  /// The largest frame that a TUN or TAP hands over: 65,535 bytes behind an Ethernet header
  /// with two VLAN tags, and the virtio-net header before it.
  static constexpr std::size_t kSlotBytes = kVirtioNetHeaderBytes + 14 + 2 * 4 + 65535;
  static constexpr std::size_t kReaders = 2;
  /// Memory stays for what was in use in the last one or two of these.
  static constexpr std::int64_t kMemoryPeriodNs = 500 * kNanosecondsPerMillisecond;

  /// Maps SLOTS and touches each, so that small packets cause no page fault later, and room for
  /// queued packets: QUEUE_MEMORY_BYTES for each reader, in whole pages or compact slots. Slots
  /// that are read into are at most 65,535 (16 bits name them in a buffer ring). Throws Error.
  explicit BufferArena(std::size_t slots, std::size_t queue_memory_bytes = 0);
  ~BufferArena();
  BufferArena(const BufferArena&) = delete;
  BufferArena& operator=(const BufferArena&) = delete;

  /// The first byte of the slot; kSlotBytes may be used, of a compact one what it was made for.
  [[nodiscard]] std::byte* data(BufferId id) noexcept {
    if (is_compact(id)) return compact_of(id).data(id & kCompactId);
    return memory_ + id * kStride + offset_of(id);
  }
  /// Slots that are read into.
  [[nodiscard]] std::size_t slots() const noexcept { return slots_.size(); }
  [[nodiscard]] std::size_t free_slots() const noexcept {
    std::size_t free = slots_.size() - used_once_;
    for (const FreeStack& stack : free_) free += stack.slots.size();
    return free;
  }
  /// Memory of the slots, in bytes; any thread. With QUEUE_MEMORY_BYTES it stays below one and a
  /// half times the most bytes in use of late, plus the slots that are always there; where use
  /// falls it follows kMemoryPeriodNs to twice that later, and some turns. Below that, a slot a
  /// period is given back, and all when there was no packet for that long.
  [[nodiscard]] std::size_t touched_bytes() const noexcept {
    return touched_bytes_.get() + compact_bytes_.get();
  }

  /// Takes a free slot, with one reference, for READER (0 or 1) to read into: one that it used
  /// before where there is one. Nothing when all are in use.
  [[nodiscard]] std::optional<BufferId> take(std::uint8_t reader) noexcept;
  /// The same for a frame that a stage makes of READER's packets.
  [[nodiscard]] std::optional<BufferId> take_for_frame(std::uint8_t reader) noexcept;
  /// BYTES from the slot's start are in use now: what counts as queued while it is not released.
  void note_use(BufferId id, std::size_t bytes) noexcept;
  /// For a packet that is likely to be queued, of BYTES from the start of slot ID, which nobody
  /// else holds: the slot that it is in from here on. That is a compact one if it is small; the
  /// first slot is free then.
  [[nodiscard]] BufferId compact(BufferId id, std::size_t bytes) noexcept;
  /// Whether READER's packets, those just read among them, are within the queue memory limit. If
  /// not, the next one must be dropped, or reading would come to a halt.
  [[nodiscard]] bool may_queue(std::uint8_t reader) const noexcept {
    return used_bytes(reader) <= queue_memory_bytes_ && used_slots_[reader] <= queue_slots_;
  }
  /// What counts against READER's limits now, and those limits; 0: none.
  [[nodiscard]] std::size_t used_bytes(std::uint8_t reader) const noexcept {
    return used_bytes_[reader] + (compact_[reader] ? compact_[reader]->used_bytes() : 0);
  }
  [[nodiscard]] std::size_t queued_bytes_limit() const noexcept {
    return queue_memory_bytes_ == kUnlimited ? 0 : queue_memory_bytes_;
  }
  /// Of those that are not in compact slots.
  [[nodiscard]] std::size_t queued_packets_limit() const noexcept {
    return queue_slots_ == kUnlimited ? 0 : queue_slots_;
  }
  /// Once a turn: slots that are not needed give memory back to the system, the least recently used
  /// first, a few at a time.
  void give_back(std::int64_t now_ns) noexcept;
  /// When give_back() has something to do although no packet comes; INT64_MAX: never.
  [[nodiscard]] std::int64_t next_give_back_ns() const noexcept;
  /// One more holder of the slot, for example a second run of its segments.
  void retain(BufferId id) noexcept {
    if (is_compact(id)) return compact_of(id).retain(id & kCompactId);
    ++slots_[id].references;
  }
  /// One holder less; the last one frees the slot.
  void release(BufferId id) noexcept;

 private:
  // Slots have pages of their own, so that each can give them back. Neighbours begin a cache line
  // apart within the first half of their first page: the first lines of slots, the only ones that
  // small packets touch, would otherwise share a cache set. A packet of an Ethernet's MTU still
  // fits its page.
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kLineBytes = 64;
  static constexpr std::size_t kOffsets = kPageBytes / 2 / kLineBytes;
  static constexpr std::size_t kStride =
      (kSlotBytes + (kOffsets - 1) * kLineBytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  static constexpr std::uint8_t kFrames = kReaders;  ///< the stack of frames that stages make
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  static constexpr std::size_t offset_of(BufferId id) noexcept {
    return id % kOffsets * kLineBytes;
  }
  static constexpr std::size_t pages_for(std::size_t bytes) noexcept {
    return (bytes + kPageBytes - 1) / kPageBytes;
  }

  // A compact slot's id has this bit, its reader's and those that its CompactSlots knows.
  static constexpr BufferId kCompact = BufferId{1} << 31U;
  static constexpr unsigned kCompactReaderShift = 30;
  static constexpr BufferId kCompactId = (BufferId{1} << kCompactReaderShift) - 1;
  static constexpr bool is_compact(BufferId id) noexcept { return (id & kCompact) != 0; }

  [[nodiscard]] CompactSlots& compact_of(BufferId id) noexcept {
    return *compact_[(id & ~kCompact) >> kCompactReaderShift];
  }
  void note_compact_bytes() noexcept {
    compact_bytes_.set(compact_[0]->touched_bytes() + compact_[1]->touched_bytes());
  }

  struct Slot {
    std::uint32_t references = 0;    ///< a super-packet may be cut into all of its segments, twice
    std::uint8_t reader = 0;         ///< who used it last
    std::uint8_t stack = 0;          ///< where it goes when it is free
    std::uint8_t used_pages = 0;     ///< that its packet would fill from a page's start on
    std::uint8_t touched_pages = 0;  ///< of its memory, from the first on
  };
  /// Free slots, the last one used on top; those below COLD have given their memory back.
  struct FreeStack {
    std::vector<BufferId> slots;
    std::size_t cold = 0;
  };

  [[nodiscard]] bool has_more_than_always() const noexcept {
    return queue_memory_bytes_ != kUnlimited && touched_bytes_.get() > always_slots_ * kPageBytes;
  }
  [[nodiscard]] bool is_too_much_for(std::size_t used) const noexcept {
    if (used == 0) return has_warm_slots_ && has_more_than_always();
    return touched_bytes_.get() > hot_bytes_ + used + used / 2;
  }
  [[nodiscard]] bool has_too_much_memory() const noexcept {
    return is_too_much_for(used_bytes_peak_.get());
  }
  [[nodiscard]] std::optional<BufferId> pop(std::uint8_t stack) noexcept;
  [[nodiscard]] std::optional<BufferId> take_unused() noexcept;
  std::optional<BufferId> use(std::optional<BufferId> id, std::uint8_t reader,
                              std::uint8_t stack) noexcept;
  void keep_pages(BufferId id, std::size_t pages) noexcept;
  void begin_period(std::int64_t now_ns) noexcept;
  void trim() noexcept;
  bool trim_free_slot() noexcept;
  void trim_used_slots() noexcept;

  std::byte* memory_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::vector<Slot> slots_;
  std::size_t used_once_ = 0;  ///< the slots behind were never taken and are on no stack
  std::array<FreeStack, kReaders + 1> free_;  ///< by reader, and that one
  std::array<std::size_t, kReaders> used_slots_{};
  std::array<std::size_t, kReaders> used_bytes_{};  ///< without compact slots
  RecentPeak used_bytes_peak_;                      ///< of both readers' together
  std::int64_t period_end_ns_ = 0;
  bool is_trimming_ = false;    ///< there is more to give back than one turn did
  bool has_warm_slots_ = true;  ///< free ones that may have memory to give back
  std::size_t queue_slots_;     ///< for each reader
  std::size_t queue_memory_bytes_;
  std::size_t next_trimmed_ = 0;            ///< where trim_used_slots() goes on
  std::size_t always_slots_;                ///< the first ones: they keep their first page
  std::size_t hot_bytes_ = kUnlimited / 2;  ///< memory that packets under way may have anyway
  Counter touched_bytes_;                   ///< without compact slots
  std::array<std::unique_ptr<CompactSlots>, kReaders>
      compact_;            ///< by reader; none without queue memory
  Counter compact_bytes_;  ///< memory of these
};

}  // namespace tunrelay
