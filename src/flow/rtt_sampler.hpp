// SPDX-License-Identifier: MIT
// Which segments of a TCP stream wait for their acknowledgement, and since when: some of them,
// spread evenly over what is under way, in a fixed number of places.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "flow/sequence_number.hpp"

namespace tunrelay {

/// At one point of the stream's way.
class RttSampler {
 public:
  /// RANGE has passed for the first time; it begins at or above the end of all before it.
  void sent(const SequenceRange& range, std::int64_t now_ns) noexcept;
  /// RANGE was sent again: of its acknowledgement nobody can say which copy it is for (Karn's
  /// algorithm, RFC 6298 section 3).
  void sent_again(const SequenceRange& range) noexcept;
  /// All below NUMBER is acknowledged, for the first time. The time since the byte before it has
  /// passed; empty when that was not remembered, or was sent again.
  std::optional<std::int64_t> acknowledged(std::uint32_t number, std::int64_t now_ns) noexcept;

 private:
  static constexpr std::size_t kMaxEntries = 64;
  static constexpr std::int64_t kSentAgain = -1;

  struct Entry {
    SequenceRange range;
    std::int64_t sent_ns = 0;  ///< or kSentAgain
  };

  [[nodiscard]] Entry& entry(std::size_t at) noexcept {
    return entries_[(first_ + at) % kMaxEntries];
  }
  void thin_out() noexcept;

  std::array<Entry, kMaxEntries> entries_;  ///< a ring, in the order of their numbers
  std::uint32_t distance_ = 0;              ///< entries end at least that far apart
  std::uint8_t first_ = 0;
  std::uint8_t count_ = 0;
};

}  // namespace tunrelay
