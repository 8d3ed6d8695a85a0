#include "engine/buffer_arena.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMostSlots = std::numeric_limits<BufferId>::max();

}  // namespace

BufferArena::BufferArena(std::size_t slots, std::size_t hold_bytes)
    : hold_slots_(kUnlimited), hold_bytes_(kUnlimited) {
  ensure(slots > 0 && slots <= kMostSlots, "a buffer arena has 1 to 65,535 slots");
  std::size_t all = slots;
  if (hold_bytes != 0) {
    // A held packet takes a page at least. Without room to hold nothing is bounded: who then
    // holds all slots stops the reading, as the tests of the engines do.
    all = std::min(kMostSlots, slots + kReaders * (hold_bytes / kPageBytes));
    hold_slots_ = (all - slots) / kReaders;
    hold_bytes_ = hold_bytes;
  }
  mapped_bytes_ = all * kStride;
  most_touched_bytes_ = slots * kStride + kReaders * hold_bytes;
  // No reserve: most of it is address space that will never be memory.
  void* mapped = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw_system_error(errno, "map", fmt::format("{} packet buffers", all),
                       "use fewer queues, or hold less");
  memory_ = static_cast<std::byte*>(mapped);
  // Packets are the users' data: they have no place in a core dump.
  ::madvise(mapped, mapped_bytes_, MADV_DONTDUMP);
  slots_.resize(all);
  for (std::vector<BufferId>& stack : free_) stack.reserve(all);
  for (std::size_t id = slots; id-- > 0;) {
    free_[0].push_back(static_cast<BufferId>(id));
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
  std::vector<BufferId>& stack = free_[reader].empty() ? free_[1 - reader] : free_[reader];
  BufferId id = 0;
  if (!stack.empty()) {
    id = stack.back();
    stack.pop_back();
  } else if (used_once_ < slots_.size()) {
    id = static_cast<BufferId>(used_once_++);
  } else {
    return std::nullopt;
  }
  slots_[id].references = 1;
  slots_[id].reader = reader;
  ++used_slots_[reader];
  return id;
}

void BufferArena::note_use(BufferId id, std::size_t bytes) noexcept {
  Slot& slot = slots_[id];
  const std::size_t pages = (bytes + kPageBytes - 1) / kPageBytes;
  used_bytes_[slot.reader] += pages * kPageBytes - slot.used_pages * kPageBytes;
  slot.used_pages = static_cast<std::uint8_t>(pages);
  if (pages <= slot.touched_pages) return;
  touched_bytes_.add((pages - slot.touched_pages) * kPageBytes);
  slot.touched_pages = slot.used_pages;
}

void BufferArena::release(BufferId id) noexcept {
  Slot& slot = slots_[id];
  ensure(slot.references > 0, "a released buffer has a holder");
  if (--slot.references != 0) return;
  --used_slots_[slot.reader];
  used_bytes_[slot.reader] -= slot.used_pages * kPageBytes;
  slot.used_pages = 0;
  // Slots that were full of super-packets now hold small ones: the rest goes back.
  if (touched_bytes_.get() > most_touched_bytes_ && slot.touched_pages > 1) trim(id);
  free_[slot.reader].push_back(id);
}

void BufferArena::trim(BufferId id) noexcept {
  // The arena begins with a page. A page that a slot shares with its neighbour stays.
  const std::size_t first = (id * kStride + 2 * kPageBytes - 1) & ~(kPageBytes - 1);
  const std::size_t last = (id * kStride + kStride) & ~(kPageBytes - 1);
  ::madvise(memory_ + first, last - first, MADV_DONTNEED);
  touched_bytes_.set(touched_bytes_.get() - (slots_[id].touched_pages - 1) * kPageBytes);
  slots_[id].touched_pages = 1;
}

}  // namespace tunrelay
