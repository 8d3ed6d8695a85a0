// SPDX-License-Identifier: MIT
// Philox4x32-10, a counter-based random generator (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011): number N of a sequence is a function of N and a key, so
// that any part of a sequence can be had by anyone, without the part before.
#pragma once

#include <array>
#include <cstdint>

namespace tunrelay {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Four random numbers that depend on COUNTER and KEY alone.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox(PhiloxCounter counter,
                                                            PhiloxKey key) noexcept {
  constexpr std::uint64_t kMultiplier0 = 0xd2511f53;
  constexpr std::uint64_t kMultiplier1 = 0xcd9e8d57;
  constexpr std::uint32_t kStep0 = 0x9e3779b9;  // the golden ratio
  constexpr std::uint32_t kStep1 = 0xbb67ae85;  // the square root of 3, less 1
  constexpr int kRounds = 10;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key = {key[0] + kStep0, key[1] + kStep1};
  }
  return counter;
}

}  // namespace tunrelay
