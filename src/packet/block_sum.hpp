// SPDX-License-Identifier: MIT
// The sum of many bytes, in whole blocks and by the widest words that this CPU has; checksum.hpp
// makes Internet checksums of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tunrelay {

inline constexpr std::size_t kSumBlockBytes = 64;

/// One way to sum.
struct BlockSum {
  const char* name;
  /// The sum of BLOCKS blocks at FROM as 32-bit words of the machine's byte order: at most 2^26 of
  /// them, so that it does not overflow.
  std::uint64_t (*sum)(const std::byte* from, std::size_t blocks) noexcept;
  /// The same, and a copy at TO, which does not overlap.
  std::uint64_t (*copy_and_sum)(const std::byte* from, std::byte* to, std::size_t blocks) noexcept;
};

/// Those that this CPU can do, the fastest last.
[[nodiscard]] std::span<const BlockSum> block_sums() noexcept;

}  // namespace tunrelay
