// SPDX-License-Identifier: MIT
// How much was dropped, by reason.
#pragma once

#include <array>
#include <cstddef>

#include "base/counter.hpp"
#include "base/drop_reason.hpp"
#include "base/tally.hpp"

namespace tunrelay {

/// Plain numbers.
struct Drops {
  std::array<Tally, kDropReasons> by_reason;

  [[nodiscard]] Tally sum() const noexcept {
    Tally sum;
    for (const Tally& reason : by_reason) sum += reason;
    return sum;
  }
  [[nodiscard]] const Tally& of(DropReason reason) const {
    return by_reason.at(static_cast<std::size_t>(reason));
  }
  Drops& operator+=(const Drops& other) noexcept {
    for (std::size_t reason = 0; reason < kDropReasons; ++reason)
      by_reason[reason] += other.by_reason[reason];
    return *this;
  }
  Drops& operator-=(const Drops& other) noexcept {
    for (std::size_t reason = 0; reason < kDropReasons; ++reason)
      by_reason[reason] -= other.by_reason[reason];
    return *this;
  }
  bool operator==(const Drops&) const = default;
};

/// VISIT(reason, tally) for each reason for which wire segments were dropped, in their order.
template <typename Visit>
void for_each_reason(const Drops& drops, Visit visit) {
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    if (const Tally& tally = drops.by_reason[reason]; tally.segments != 0)
      visit(static_cast<DropReason>(reason), tally);
}

/// Written by one thread, readable by any.
class DropCounters {
 public:
  void add(DropReason reason, const Tally& tally) noexcept {
    by_reason_[static_cast<std::size_t>(reason)].add(tally);
  }
  [[nodiscard]] Drops get() const noexcept {
    Drops drops;
    for (std::size_t reason = 0; reason < kDropReasons; ++reason)
      drops.by_reason[reason] = by_reason_[reason].get();
    return drops;
  }

 private:
  std::array<TallyCounter, kDropReasons> by_reason_;
};

}  // namespace tunrelay
