// SPDX-License-Identifier: MIT
// Where small packets stay while a stage queues them: slots of a few sizes, cut from pages. In the
// slot that it was read into, which has room for 64 KiB, a packet of 100 bytes keeps 4 KiB of
// memory.
//
// All slots of a page have one size. A page whose slots are all free may be cut for another size;
// as many are kept as were needed of late, the others give their memory back to the system.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/recent_peak.hpp"

namespace tunrelay {

/// Not thread-safe: one worker's thread alone.
class CompactSlots {
 public:
  /// Names a slot while it has a reference.
  using Id = std::uint32_t;

  /// The most that a slot takes: a packet of an Ethernet's MTU with all its headers.
  static constexpr std::size_t kMaxBytes = 2032;

  /// Address space for pages of BYTES in all. It is memory as far as it is used. Throws Error.
  explicit CompactSlots(std::size_t bytes);
  ~CompactSlots();
  CompactSlots(const CompactSlots&) = delete;
  CompactSlots& operator=(const CompactSlots&) = delete;

  /// A slot for BYTES, at most kMaxBytes, with one reference. Nothing when no page is left.
  [[nodiscard]] std::optional<Id> take(std::size_t bytes) noexcept;
  [[nodiscard]] std::byte* data(Id id) noexcept;
  void retain(Id id) noexcept;
  /// One reference less; whether it was the last one, so that the slot is free.
  bool release(Id id) noexcept;

  /// Begins a period of time: memory stays for what was in use in this one and the last.
  void begin_period() noexcept { used_pages_peak_.begin_period(used_pages_); }
  /// Gives memory of some free pages back to the system where there are more than needed; whether
  /// it did.
  bool give_back() noexcept;
  /// Whether later periods will find more pages than needed, if nothing more comes.
  [[nodiscard]] bool will_give_back() const noexcept { return is_too_much_for(used_pages_); }

  /// What the slots in use take of their pages.
  [[nodiscard]] std::size_t used_bytes() const noexcept { return used_bytes_; }
  /// The memory of all pages, those included that are kept for later packets.
  [[nodiscard]] std::size_t touched_bytes() const noexcept {
    return (used_pages_ + warm_.size()) * kPageBytes;
  }

 private:
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kMaxSlotsOfPage = 32;
  static constexpr std::array<std::uint8_t, 8> kSlotsOfPage{2, 3, 4, 6, 8, 12, 16, 32};
  static constexpr std::size_t kSizes = kSlotsOfPage.size();
  /// Pages that always keep their memory, beside one and a half times as many as are in use.
  static constexpr std::size_t kMinWarmPages = 64;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Stands at a page's begin; the references of its slots follow, and at the page's end its slots.
  struct Page {
    std::uint32_t free_slots;  ///< a bit for each
    std::uint32_t previous;    ///< in the list of its size's pages that have a free slot
    std::uint32_t next;
    std::uint32_t size;  ///< index of kSlotsOfPage
  };

  static constexpr std::size_t bytes_of_slot(std::size_t size) noexcept {
    const std::size_t slots = kSlotsOfPage[size];
    const std::size_t room = kPageBytes - sizeof(Page) - slots * sizeof(std::uint32_t);
    return room / slots / sizeof(std::uint64_t) * sizeof(std::uint64_t);
  }
  [[nodiscard]] bool is_too_much_for(std::size_t used_pages) const noexcept {
    return used_pages_ + warm_.size() > kMinWarmPages + used_pages + used_pages / 2;
  }
  [[nodiscard]] Page& page(std::uint32_t index) const noexcept;
  [[nodiscard]] std::uint32_t& references(Id id) const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> take_page(std::size_t size) noexcept;
  void free_page(std::uint32_t index) noexcept;
  void link_page(std::uint32_t index) noexcept;
  void unlink_page(std::uint32_t index) noexcept;

  std::byte* memory_ = nullptr;
  std::uint32_t pages_;
  std::uint32_t used_once_ = 0;  ///< the pages behind never had memory
  std::size_t used_pages_ = 0;   ///< with a slot in use
  RecentPeak used_pages_peak_;
  std::size_t used_bytes_ = 0;
  std::array<std::uint32_t, kSizes> partial_;  ///< heads of the lists of pages with a free slot
  std::vector<std::uint32_t> warm_;            ///< free pages that have memory
  std::vector<std::uint32_t> cold_;            ///< free pages that gave theirs back
};

}  // namespace tunrelay
