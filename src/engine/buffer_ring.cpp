// SPDX-License-Identifier: MIT
#include "engine/buffer_ring.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"

namespace tunrelay {

BufferRing::BufferRing(Ring& ring, BufferArena& arena, std::uint16_t group, std::size_t entries,
                       std::size_t read_offset)
    : ring_(ring),
      arena_(arena),
      group_(group),
      entries_(entries),
      read_offset_(read_offset),
      memory_bytes_(entries * sizeof(io_uring_buf)) {
  void* mapped =
      ::mmap(nullptr, memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw_system_error(errno, "map", "a buffer ring");
  memory_ = static_cast<io_uring_buf_ring*>(mapped);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(mapped);
  registration.ring_entries = static_cast<std::uint32_t>(entries);
  registration.bgid = group;
  if (const int error = io_uring_register_buf_ring(ring.get(), &registration, 0); error < 0) {
    ::munmap(mapped, memory_bytes_);
    throw_system_error(-error, "register", "a buffer ring", "use --engine syscall");
  }
  io_uring_buf_ring_init(memory_);
  refill(entries);
}

BufferRing::~BufferRing() {
  io_uring_unregister_buf_ring(ring_.get(), group_);
  ::munmap(memory_, memory_bytes_);
}

void BufferRing::refill(std::size_t limit) noexcept {
  const std::size_t wanted = std::min(limit, entries_);
  const int mask = io_uring_buf_ring_mask(static_cast<std::uint32_t>(entries_));
  int added = 0;
  while (held_ < wanted) {
    const auto buffer = arena_.take(static_cast<std::uint8_t>(group_));
    if (!buffer) break;
    io_uring_buf_ring_add(memory_, arena_.data(*buffer) + read_offset_,
                          static_cast<unsigned>(BufferArena::kSlotBytes - read_offset_),
                          static_cast<std::uint16_t>(*buffer), mask, added++);
    ++held_;
  }
  if (added != 0) io_uring_buf_ring_advance(memory_, added);
}

}  // namespace tunrelay
