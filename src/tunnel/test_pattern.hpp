// SPDX-License-Identifier: MIT
// What the self-test sends: every byte depends on its place, so that a lost or doubled segment
// shows.
#pragma once

#include <cstddef>
#include <vector>

namespace tunrelay {

/// The byte at PLACE of a stream or a super-packet.
[[nodiscard]] constexpr char test_byte(std::size_t place) noexcept {
  return static_cast<char>((place * 2654435761U) >> 13);
}

/// The first BYTES of it.
[[nodiscard]] inline std::vector<char> test_pattern(std::size_t bytes) {
  std::vector<char> text(bytes);
  for (std::size_t at = 0; at < bytes; ++at) text[at] = test_byte(at);
  return text;
}

}  // namespace tunrelay
