#include "engine/buffer_arena.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <limits>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {

BufferArena::BufferArena(std::size_t slots)
    : mapped_bytes_(slots * kStride), references_(slots, 0), readers_(slots, 0) {
  ensure(slots > 0 && slots <= std::numeric_limits<BufferId>::max(),
         "a buffer arena has 1 to 65,535 slots");
  void* mapped =
      ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw_system_error(errno, "map", fmt::format("{} packet buffers", slots),
                       "use fewer queues or buffers");
  memory_ = static_cast<std::byte*>(mapped);
  // Packets are the users' data: they have no place in a core dump.
  ::madvise(mapped, mapped_bytes_, MADV_DONTDUMP);
  for (std::vector<BufferId>& stack : free_) stack.reserve(slots);
  for (std::size_t id = slots; id-- > 0;) {
    free_[0].push_back(static_cast<BufferId>(id));
    // The first page is what small packets need; super-packets fault in the rest of a slot
    // once, so that memory follows use.
    *data(static_cast<BufferId>(id)) = std::byte{0};
  }
}

BufferArena::~BufferArena() {
  ::munmap(memory_, mapped_bytes_);
}

std::optional<BufferId> BufferArena::take(std::uint8_t reader) noexcept {
  std::vector<BufferId>& stack = free_[reader].empty() ? free_[1 - reader] : free_[reader];
  if (stack.empty()) return std::nullopt;
  const BufferId id = stack.back();
  stack.pop_back();
  references_[id] = 1;
  readers_[id] = reader;
  return id;
}

void BufferArena::release(BufferId id) noexcept {
  ensure(references_[id] > 0, "a released buffer has a holder");
  if (--references_[id] == 0) free_[readers_[id]].push_back(id);
}

}  // namespace tunrelay
