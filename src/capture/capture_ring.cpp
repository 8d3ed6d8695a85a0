// SPDX-License-Identifier: MIT
#include "capture/capture_ring.hpp"

#include <bit>
#include <cstring>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// Before each record. A skipped one fills the memory's end, where the next did not fit.
struct RingMark {
  std::uint32_t bytes = 0;  ///< of mark and record, a multiple of 8
  bool skipped = false;
};
static_assert(sizeof(RingMark) == 8);

void store_mark(std::byte* place, RingMark mark) noexcept {
  std::memcpy(place, &mark, sizeof mark);
}

}  // namespace

CaptureRing::CaptureRing(std::size_t bytes) : memory_(std::bit_ceil(bytes)) {}

std::byte* CaptureRing::reserve(std::size_t bytes) noexcept {
  const std::size_t whole = (sizeof(RingMark) + bytes + 7) / 8 * 8;
  ensure(whole <= memory_.size() / 4, "a record is small beside its ring");
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::size_t at = head % memory_.size();
  const std::size_t to_end = memory_.size() - at;
  const std::size_t skipped = to_end < whole ? to_end : 0;
  const std::uint64_t end = head + skipped + whole;
  if (end - seen_tail_ > memory_.size()) {
    seen_tail_ = tail_.load(std::memory_order_acquire);
    if (end - seen_tail_ > memory_.size()) return nullptr;
  }
  if (skipped != 0)
    store_mark(memory_.data() + at,
               {.bytes = static_cast<std::uint32_t>(skipped), .skipped = true});
  std::byte* place = memory_.data() + (head + skipped) % memory_.size();
  store_mark(place, {.bytes = static_cast<std::uint32_t>(whole), .skipped = false});
  reserved_ = end;
  return place + sizeof(RingMark);
}

void CaptureRing::publish() noexcept {
  head_.store(reserved_, std::memory_order_release);
}

std::span<std::byte> CaptureRing::front() noexcept {
  for (;;) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return {};
    std::byte* place = memory_.data() + tail % memory_.size();
    RingMark mark;
    std::memcpy(&mark, place, sizeof mark);
    if (!mark.skipped) return {place + sizeof mark, mark.bytes - sizeof mark};
    tail_.store(tail + mark.bytes, std::memory_order_release);
  }
}

void CaptureRing::pop() noexcept {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  RingMark mark;
  std::memcpy(&mark, memory_.data() + tail % memory_.size(), sizeof mark);
  tail_.store(tail + mark.bytes, std::memory_order_release);
}

bool CaptureRing::is_half_full() const noexcept {
  return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_relaxed) >
         memory_.size() / 2;
}

}  // namespace tunrelay
