// SPDX-License-Identifier: MIT
// The options of the stage `corrupt`.
#pragma once

#include <cstdint>

namespace tunrelay {

/// tc-netem(8) `corrupt 1% 25%`, of wire segments: bits are flipped behind a checksum that was
/// complete, so that the receiver drops the segment.
struct CorruptConfig {
  double probability = 0;  ///< 0 to 1
  double correlation = 0;  ///< 0 to 1: how much a decision follows the one before
  std::uint32_t bits = 1;  ///< flipped in each such segment, at least 1; netem knows 1 alone
  /// Flip bits of the payload alone and correct the checksum: the receiver's program sees them.
  bool keep_checksum_valid = false;

  bool operator==(const CorruptConfig&) const = default;
};

}  // namespace tunrelay
