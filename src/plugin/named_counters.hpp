// SPDX-License-Identifier: MIT
// Counters by names that are only known while packets pass: why a user's stage has dropped, and
// what it counts for itself. One writer, any number of readers; nothing is allocated.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "base/counter.hpp"

namespace tunrelay {

class NamedCounters {
 public:
  static constexpr std::size_t kMaxNames = 32;
  static constexpr std::size_t kMaxNameBytes = 63;  ///< what is longer is cut

  /// By the writer's thread alone.
  void add(std::string_view name, std::uint64_t amount) noexcept {
    find(name.substr(0, kMaxNameBytes)).add(amount);
  }
  /// Adds what was counted until now to SUMS.
  void add_to(std::map<std::string, std::uint64_t>& sums) const {
    const std::size_t used = used_.load(std::memory_order_acquire);
    for (std::size_t at = 0; at < used; ++at)
      sums[entries_[at].name.data()] += entries_[at].count.get();
    if (others_.get() != 0) sums["others"] += others_.get();
  }

 private:
  struct Entry {
    std::array<char, kMaxNameBytes + 1> name{};
    Counter count;
  };

  Counter& find(std::string_view name) noexcept {
    const std::size_t used = used_.load(std::memory_order_relaxed);
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(used);
    const auto found = std::find_if(entries_.begin(), end,
                                    [&](const Entry& entry) { return name == entry.name.data(); });
    if (found != end) return found->count;
    if (used == kMaxNames) return others_;
    std::memcpy(found->name.data(), name.data(), name.size());
    used_.store(used + 1, std::memory_order_release);
    return found->count;
  }

  std::array<Entry, kMaxNames> entries_;
  std::atomic<std::size_t> used_{0};
  Counter others_;  ///< more names than there is room for
};

}  // namespace tunrelay
