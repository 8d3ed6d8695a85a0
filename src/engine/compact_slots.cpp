// SPDX-License-Identifier: MIT
#include "engine/compact_slots.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <new>

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace tunrelay {

CompactSlots::CompactSlots(std::size_t bytes)
    : pages_(static_cast<std::uint32_t>((bytes + kPageBytes - 1) / kPageBytes)) {
  static_assert(bytes_of_slot(0) == kMaxBytes);
  partial_.fill(kNone);
  void* mapped = ::mmap(nullptr, pages_ * kPageBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw_system_error(errno, "map", fmt::format("{} for queued packets", format_bytes(bytes)),
                       "use fewer queues, or a smaller --queue-memory");
  memory_ = static_cast<std::byte*>(mapped);
  // As for the arena's own slots: users' data, and no huge page for a small packet.
  ::madvise(mapped, pages_ * kPageBytes, MADV_DONTDUMP);
  ::madvise(mapped, pages_ * kPageBytes, MADV_NOHUGEPAGE);
  // Reserved and not touched: address space alone. Nothing is allocated after the start.
  warm_.reserve(pages_);
  cold_.reserve(pages_);
}

CompactSlots::~CompactSlots() {
  ::munmap(memory_, pages_ * kPageBytes);
}

CompactSlots::Page& CompactSlots::page(std::uint32_t index) const noexcept {
  return *std::launder(reinterpret_cast<Page*>(memory_ + std::size_t{index} * kPageBytes));
}

std::uint32_t& CompactSlots::references(Id id) const noexcept {
  std::byte* head = memory_ + std::size_t{id / kMaxSlotsOfPage} * kPageBytes;
  auto* first = std::launder(reinterpret_cast<std::uint32_t*>(head + sizeof(Page)));
  return first[id % kMaxSlotsOfPage];
}

std::byte* CompactSlots::data(Id id) noexcept {
  const auto index = static_cast<std::uint32_t>(id / kMaxSlotsOfPage);
  const std::size_t place = id % kMaxSlotsOfPage;
  return memory_ + (std::size_t{index} + 1) * kPageBytes -
         (place + 1) * bytes_of_slot(page(index).size);
}

std::optional<CompactSlots::Id> CompactSlots::take(std::size_t bytes) noexcept {
  ensure(bytes <= kMaxBytes, "a compact slot takes a small packet");
  std::size_t size = kSizes - 1;
  while (bytes_of_slot(size) < bytes) --size;
  std::uint32_t index = partial_[size];
  if (index == kNone) {
    const auto taken = take_page(size);
    if (!taken) return std::nullopt;
    index = *taken;
  }
  Page& from = page(index);
  const auto place = static_cast<std::uint32_t>(std::countr_zero(from.free_slots));
  from.free_slots &= from.free_slots - 1;
  if (from.free_slots == 0) unlink_page(index);
  const Id id = index * static_cast<std::uint32_t>(kMaxSlotsOfPage) + place;
  references(id) = 1;
  used_bytes_ += bytes_of_slot(size);
  return id;
}

void CompactSlots::retain(Id id) noexcept {
  ++references(id);
}

bool CompactSlots::release(Id id) noexcept {
  std::uint32_t& count = references(id);
  ensure(count > 0, "a released slot has a holder");
  if (--count != 0) return false;
  const auto index = static_cast<std::uint32_t>(id / kMaxSlotsOfPage);
  Page& of = page(index);
  used_bytes_ -= bytes_of_slot(of.size);
  if (of.free_slots == 0) link_page(index);
  of.free_slots |= 1U << (id % kMaxSlotsOfPage);
  if (std::popcount(of.free_slots) == kSlotsOfPage[of.size]) free_page(index);
  return true;
}

std::optional<std::uint32_t> CompactSlots::take_page(std::size_t size) noexcept {
  std::uint32_t index = 0;
  if (!warm_.empty()) {
    index = warm_.back();
    warm_.pop_back();
  } else if (!cold_.empty()) {
    index = cold_.back();
    cold_.pop_back();
  } else if (used_once_ < pages_) {
    index = used_once_++;
  } else {
    return std::nullopt;
  }
  const std::uint64_t slots = kSlotsOfPage[size];
  new (memory_ + std::size_t{index} * kPageBytes)
      Page{.free_slots = static_cast<std::uint32_t>((std::uint64_t{1} << slots) - 1),
           .previous = kNone,
           .next = kNone,
           .size = static_cast<std::uint32_t>(size)};
  used_pages_peak_.raise(++used_pages_);
  link_page(index);
  return index;
}

void CompactSlots::free_page(std::uint32_t index) noexcept {
  unlink_page(index);
  --used_pages_;
  warm_.push_back(index);
}

bool CompactSlots::give_back() noexcept {
  constexpr int kMaxPagesAtOnce = 64;
  int pages = 0;
  for (; pages < kMaxPagesAtOnce && !warm_.empty() && is_too_much_for(used_pages_peak_.get());
       ++pages) {
    ::madvise(memory_ + std::size_t{warm_.back()} * kPageBytes, kPageBytes, MADV_DONTNEED);
    cold_.push_back(warm_.back());
    warm_.pop_back();
  }
  return pages != 0;
}

void CompactSlots::link_page(std::uint32_t index) noexcept {
  Page& added = page(index);
  std::uint32_t& head = partial_[added.size];
  added.previous = kNone;
  added.next = head;
  if (head != kNone) page(head).previous = index;
  head = index;
}

void CompactSlots::unlink_page(std::uint32_t index) noexcept {
  const Page& removed = page(index);
  if (removed.previous == kNone)
    partial_[removed.size] = removed.next;
  else
    page(removed.previous).next = removed.next;
  if (removed.next != kNone) page(removed.next).previous = removed.previous;
}

}  // namespace tunrelay
