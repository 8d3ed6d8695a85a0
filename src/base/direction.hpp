// SPDX-License-Identifier: MIT
// The two ways through the relay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tunrelay {

/// The numbers are those of the source endpoint: 0 is device a, 1 device b.
enum class Direction : std::uint8_t { kAToB = 0, kBToA = 1 };
inline constexpr std::size_t kDirections = 2;

[[nodiscard]] constexpr std::string_view to_string(Direction direction) noexcept {
  return direction == Direction::kAToB ? "a_to_b" : "b_to_a";
}
[[nodiscard]] constexpr std::size_t index_of(Direction direction) noexcept {
  return static_cast<std::size_t>(direction);
}

[[nodiscard]] constexpr Direction opposite(Direction direction) noexcept {
  return direction == Direction::kAToB ? Direction::kBToA : Direction::kAToB;
}

}  // namespace tunrelay
