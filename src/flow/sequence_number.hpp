// SPDX-License-Identifier: MIT
// TCP's sequence numbers go round at 2^32: of two, that one is before the other from which it is
// reached by fewer steps (RFC 9293, section 3.4).
#pragma once

#include <cstdint>

namespace tunrelay {

[[nodiscard]] constexpr bool is_before(std::uint32_t left, std::uint32_t right) noexcept {
  return static_cast<std::int32_t>(left - right) < 0;
}

[[nodiscard]] constexpr std::uint32_t earlier_of(std::uint32_t left, std::uint32_t right) noexcept {
  return is_before(right, left) ? right : left;
}

[[nodiscard]] constexpr std::uint32_t later_of(std::uint32_t left, std::uint32_t right) noexcept {
  return is_before(left, right) ? right : left;
}

/// Sequence numbers [begin, end).
struct SequenceRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] constexpr bool overlaps(const SequenceRange& other) const noexcept {
    return is_before(begin, other.end) && is_before(other.begin, end) && !is_empty();
  }
  [[nodiscard]] constexpr bool is_empty() const noexcept { return begin == end; }
  /// Becomes the smallest range that has both.
  constexpr void extend(const SequenceRange& other) noexcept {
    *this = is_empty() ? other
                       : SequenceRange{earlier_of(begin, other.begin), later_of(end, other.end)};
  }
  bool operator==(const SequenceRange&) const = default;
};

}  // namespace tunrelay
