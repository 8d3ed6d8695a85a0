// SPDX-License-Identifier: MIT
// What a message of the generator carries: 16 bytes of header, then bytes of a pattern that the
// receiver knows, so that every byte is checked. Small enough for a 64-byte Ethernet frame.
//
//   0  tag          2 bytes: the trial's number; the top bit is set in messages that count
//   2  flow         2 bytes
//   4  sequence     4 bytes: of the flow, from 0; warm-up and what counts each from 0
//   8  intended_ns  8 bytes: CLOCK_MONOTONIC of the sender: when it should go
//  16  reflected_ns 8 bytes: of a response, when there is room: when the echo sent it
//
// Both ends are this program on one machine or two of the same byte order: little-endian as x86
// and ARM have it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tunrelay {

inline constexpr std::uint32_t kMessageHeaderBytes = 16;
inline constexpr std::uint32_t kReflectedBytes = 8;
inline constexpr std::uint16_t kCountsBit = 0x8000;

struct MessageHeader {
  std::uint16_t tag = 0;
  std::uint16_t flow = 0;
  std::uint32_t sequence = 0;
  std::int64_t intended_ns = 0;

  [[nodiscard]] bool counts() const noexcept { return (tag & kCountsBit) != 0; }
  [[nodiscard]] std::uint16_t trial() const noexcept {
    return static_cast<std::uint16_t>(tag & ~kCountsBit);
  }
};
static_assert(sizeof(MessageHeader) == kMessageHeaderBytes);

[[nodiscard]] inline MessageHeader load_message_header(const std::byte* from) noexcept {
  MessageHeader header;
  std::memcpy(&header, from, sizeof header);
  return header;
}

/// The bytes behind the header. Which of them a message has depends on flow and sequence, so a
/// payload that belongs to another message is found. Immutable; any thread may read it.
class PayloadPattern {
 public:
  /// For payloads of up to MOST_BYTES.
  PayloadPattern(std::uint64_t seed, std::size_t most_bytes)
      : most_bytes_(most_bytes), bytes_(most_bytes + kShifts) {
    // splitmix64 (Steele, Lea, Flood 2014): enough to look random, and the same everywhere.
    for (std::size_t at = 0; at < bytes_.size(); ++at) {
      std::uint64_t mixed = seed + 0x9e3779b97f4a7c15U * (at + 1);
      mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
      mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
      bytes_[at] = static_cast<std::byte>(mixed >> 56U);
    }
  }

  [[nodiscard]] std::size_t most_bytes() const noexcept { return most_bytes_; }
  /// most_bytes() of them: what stands behind the header of that message.
  [[nodiscard]] const std::byte* of(std::uint16_t flow, std::uint32_t sequence) const noexcept {
    return bytes_.data() + (sequence * 67U + flow * 31U) % kShifts;
  }

 private:
  static constexpr std::size_t kShifts = 1024;

  std::size_t most_bytes_;
  std::vector<std::byte> bytes_;
};

}  // namespace tunrelay
