// SPDX-License-Identifier: MIT
#include "engine/buffer_arena.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxSlots = std::numeric_limits<std::uint16_t>::max();
// Some times what both directions of a relay at full speed go round in (see ReadAhead).
constexpr std::size_t kMaxHotBytes = std::size_t{6} << 20U;

}  // namespace

BufferArena::BufferArena(std::size_t slots, std::size_t queue_memory_bytes)
    : queue_slots_(kUnlimited), queue_memory_bytes_(kUnlimited), always_slots_(slots) {
  ensure(slots > 0 && slots <= kMaxSlots, "a buffer arena has 1 to 65,535 slots");
  std::size_t all = slots;
  if (queue_memory_bytes != 0) {
    // A queued packet that is not small takes a page at least. Without queue memory nothing is
    // bounded: whoever then has all slots stops the reading, as the tests of the engines do.
    all = std::min(kMaxSlots, slots + kReaders * (queue_memory_bytes / kPageBytes));
    queue_slots_ = (all - slots) / kReaders;
    queue_memory_bytes_ = queue_memory_bytes;
    hot_bytes_ = std::min(slots * kStride, kMaxHotBytes);
    // Slots of the smallest size leave a sixteenth of their page.
    for (auto& compact : compact_)
      compact =
          std::make_unique<CompactSlots>(queue_memory_bytes + queue_memory_bytes / 16 + kPageBytes);
  }
  mapped_bytes_ = all * kStride;
  // No reserve: most of it is address space that will never be memory.
  void* mapped = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw_system_error(errno, "map", fmt::format("{} packet buffers", all),
                       "use fewer queues, or a smaller --queue-memory");
  memory_ = static_cast<std::byte*>(mapped);
  // Packets are the users' data: they have no place in a core dump.
  ::madvise(mapped, mapped_bytes_, MADV_DONTDUMP);
  // A queued packet must not cost 2 MiB where transparent huge pages are `always`.
  ::madvise(mapped, mapped_bytes_, MADV_NOHUGEPAGE);
  slots_.resize(all);
  for (FreeStack& stack : free_) stack.slots.reserve(all);
  for (std::size_t id = slots; id-- > 0;) {
    free_[0].slots.push_back(static_cast<BufferId>(id));
    // The first page is what small packets need; super-packets fault in the rest of a slot
    // once, so that memory follows use.
    *data(static_cast<BufferId>(id)) = std::byte{0};
    slots_[id].touched_pages = 1;
  }
  used_once_ = slots;
  touched_bytes_.set(slots * kPageBytes);
}

BufferArena::~BufferArena() {
  ::munmap(memory_, mapped_bytes_);
}

std::optional<BufferId> BufferArena::take(std::uint8_t reader) noexcept {
  const auto other = static_cast<std::uint8_t>(1 - reader);
  std::optional<BufferId> id = pop(reader);
  if (!id) id = pop(other);
  if (!id) id = take_unused();
  if (!id) id = pop(kFrames);
  return use(id, reader, reader);
}

std::optional<BufferId> BufferArena::take_for_frame(std::uint8_t reader) noexcept {
  std::optional<BufferId> id = pop(kFrames);
  if (!id) id = take_unused();
  return id ? use(id, reader, kFrames) : take(reader);
}

std::optional<BufferId> BufferArena::pop(std::uint8_t stack) noexcept {
  FreeStack& free = free_[stack];
  if (free.slots.empty()) return std::nullopt;
  const BufferId id = free.slots.back();
  free.slots.pop_back();
  free.cold = std::min(free.cold, free.slots.size());
  return id;
}

std::optional<BufferId> BufferArena::take_unused() noexcept {
  if (used_once_ == slots_.size()) return std::nullopt;
  return static_cast<BufferId>(used_once_++);
}

std::optional<BufferId> BufferArena::use(std::optional<BufferId> id, std::uint8_t reader,
                                         std::uint8_t stack) noexcept {
  if (!id) return id;
  Slot& slot = slots_[*id];
  slot.references = 1;
  slot.reader = reader;
  slot.stack = stack;
  ++used_slots_[reader];
  return id;
}

void BufferArena::note_use(BufferId id, std::size_t bytes) noexcept {
  Slot& slot = slots_[id];
  const std::size_t pages = pages_for(bytes);
  used_bytes_[slot.reader] += pages * kPageBytes - slot.used_pages * kPageBytes;
  slot.used_pages = static_cast<std::uint8_t>(pages);
  used_bytes_peak_.raise(used_bytes_[0] + used_bytes_[1]);
  const std::size_t touched = pages_for(offset_of(id) + bytes);
  if (touched > slot.touched_pages) {
    touched_bytes_.add((touched - slot.touched_pages) * kPageBytes);
    slot.touched_pages = static_cast<std::uint8_t>(touched);
  }
  // A small packet in a slot that was full of a super-packet: the rest goes back.
  if (has_too_much_memory()) keep_pages(id, touched);
}

BufferId BufferArena::compact(BufferId id, std::size_t bytes) noexcept {
  const std::uint8_t reader = slots_[id].reader;
  if (bytes > CompactSlots::kMaxBytes || !compact_[reader]) return id;
  ensure(slots_[id].references == 1, "a slot that is copied has one holder");
  const auto slot = compact_[reader]->take(bytes);
  if (!slot) return id;
  std::memcpy(compact_[reader]->data(*slot), data(id), bytes);
  note_compact_bytes();
  release(id);
  return kCompact | BufferId{reader} << kCompactReaderShift | *slot;
}

void BufferArena::release(BufferId id) noexcept {
  if (is_compact(id)) {
    if (compact_of(id).release(id & kCompactId)) note_compact_bytes();
    return;
  }
  Slot& slot = slots_[id];
  ensure(slot.references > 0, "a released buffer has a holder");
  if (--slot.references != 0) return;
  --used_slots_[slot.reader];
  used_bytes_[slot.reader] -= slot.used_pages * kPageBytes;
  slot.used_pages = 0;
  free_[slot.stack].slots.push_back(id);
  has_warm_slots_ = true;
}

void BufferArena::give_back(std::int64_t now_ns) noexcept {
  if (now_ns >= period_end_ns_) begin_period(now_ns);
  const std::size_t touched = touched_bytes();
  if (has_too_much_memory()) trim();
  bool any_compact = false;
  for (const auto& compact : compact_) any_compact |= compact && compact->give_back();
  if (any_compact) note_compact_bytes();
  // Where nothing more can be given back, the next period is soon enough to look again.
  is_trimming_ =
      touched_bytes() < touched || (used_bytes_peak_.get() == 0 && has_too_much_memory());
}

void BufferArena::begin_period(std::int64_t now_ns) noexcept {
  period_end_ns_ = now_ns + kMemoryPeriodNs;
  used_bytes_peak_.begin_period(used_bytes_[0] + used_bytes_[1]);
  for (const auto& compact : compact_)
    if (compact) compact->begin_period();
  // A burst that took more slots than packets ever need again leaves no memory for good. Where they
  // are needed, a slot's page faults are nothing in a period.
  if (has_more_than_always()) trim_free_slot();
}

std::int64_t BufferArena::next_give_back_ns() const noexcept {
  if (is_trimming_) return 0;
  bool will_be_too_much = is_too_much_for(used_bytes_[0] + used_bytes_[1]);
  for (const auto& compact : compact_) will_be_too_much |= compact && compact->will_give_back();
  return will_be_too_much ? period_end_ns_ : std::numeric_limits<std::int64_t>::max();
}

void BufferArena::keep_pages(BufferId id, std::size_t pages) noexcept {
  Slot& slot = slots_[id];
  if (slot.touched_pages <= pages) return;
  const std::size_t given_back = (slot.touched_pages - pages) * kPageBytes;
  ::madvise(memory_ + id * kStride + pages * kPageBytes, given_back, MADV_DONTNEED);
  touched_bytes_.set(touched_bytes_.get() - given_back);
  slot.touched_pages = static_cast<std::uint8_t>(pages);
}

void BufferArena::trim() noexcept {
  // A few slots at a time: a turn's packets do not wait for the end of a burst long ago.
  constexpr int kMaxSlotsAtOnce = 8;
  for (int slots = 0; slots < kMaxSlotsAtOnce && has_too_much_memory(); ++slots)
    if (!trim_free_slot()) return trim_used_slots();
}

/// The one that was not used for the longest; false: none is left.
bool BufferArena::trim_free_slot() noexcept {
  const auto warm = [](const FreeStack& stack) { return stack.slots.size() - stack.cold; };
  FreeStack& stack = *std::max_element(
      free_.begin(), free_.end(),
      [&](const FreeStack& one, const FreeStack& other) { return warm(one) < warm(other); });
  has_warm_slots_ = warm(stack) != 0;
  if (!has_warm_slots_) return false;
  const BufferId id = stack.slots[stack.cold++];
  keep_pages(id, id < always_slots_ ? 1 : 0);
  return true;
}

void BufferArena::trim_used_slots() noexcept {
  // Small packets that were read into large slots while more was in use. A part at a time, round
  // and round.
  constexpr int kMaxSlotsAtOnce = 256;
  for (int slots = 0; slots < kMaxSlotsAtOnce && has_too_much_memory(); ++slots) {
    if (next_trimmed_ >= used_once_) next_trimmed_ = 0;
    const auto id = static_cast<BufferId>(next_trimmed_++);
    if (slots_[id].used_pages != 0)
      keep_pages(id, pages_for(offset_of(id) + slots_[id].used_pages * kPageBytes));
  }
}

}  // namespace tunrelay
