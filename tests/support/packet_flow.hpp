// SPDX-License-Identifier: MIT
// A UDP flow whose every packet differs from all others of it by its size and its bytes,
// so that a receiver finds the corrupt, the doubled, the disordered and the missing ones.
// Packet i of a flow has the size at place i of a shuffled cycle of all sizes, and bytes that
// depend on flow and i alone: even one byte of payload is checked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <span>
#include <vector>

namespace tunrelay::test {

/// The bytes that belong to KEY; the generator is SplitMix64 (Steele, Lea, Flood 2014).
inline void fill_from_key(std::uint64_t key, std::span<std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof key) {
    key += 0x9e3779b97f4a7c15U;
    std::uint64_t word = key;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
    word ^= word >> 31;
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, bytes.size() - at));
  }
}

/// What sender and receiver of a flow agree on beforehand.
class FlowPattern {
 public:
  /// Sizes of payload from 1 to LARGEST bytes.
  FlowPattern(std::uint64_t seed, std::size_t largest)
      : seed_(seed), sizes_(largest), places_(largest + 1) {
    std::iota(sizes_.begin(), sizes_.end(), std::size_t{1});
    std::mt19937_64 generator(seed);
    std::shuffle(sizes_.begin(), sizes_.end(), generator);
    for (std::size_t place = 0; place < sizes_.size(); ++place) places_[sizes_[place]] = place;
  }

  [[nodiscard]] std::size_t largest() const noexcept { return sizes_.size(); }
  [[nodiscard]] std::size_t size_of(std::uint64_t packet) const {
    return sizes_[packet % sizes_.size()];
  }
  void fill(std::uint64_t packet, std::span<std::byte> bytes) const {
    fill_from_key(seed_ ^ (packet * 0xd1342543de82ef95U), bytes);
  }
  /// The first packet at or behind FIRST with payloads of SIZE bytes (1 to largest()).
  [[nodiscard]] std::uint64_t next_of_size(std::size_t size, std::uint64_t first) const {
    const std::uint64_t cycle = sizes_.size();
    return first + (places_[size] + cycle - first % cycle) % cycle;
  }
  [[nodiscard]] bool is_packet(std::uint64_t packet, std::span<const std::byte> bytes) const {
    if (bytes.size() != size_of(packet)) return false;
    std::vector<std::byte> expected(bytes.size());
    fill(packet, expected);
    return std::equal(bytes.begin(), bytes.end(), expected.begin());
  }

 private:
  std::uint64_t seed_;
  std::vector<std::size_t> sizes_;
  std::vector<std::size_t> places_;  ///< by size
};

/// What a receiver has found; for one thread.
struct FlowFindings {
  std::uint64_t received = 0;
  std::uint64_t corrupt = 0;
  std::uint64_t doubled_or_late = 0;
  std::uint64_t missing = 0;  ///< jumped over by a later one
};

class FlowChecker {
 public:
  explicit FlowChecker(const FlowPattern& pattern) : pattern_(pattern) {}

  void take(std::span<const std::byte> bytes) {
    ++findings_.received;
    if (bytes.empty() || bytes.size() > pattern_.largest()) {
      ++findings_.corrupt;
      return;
    }
    // A run of losses may be longer than a cycle of sizes.
    constexpr std::uint64_t kCycles = 8;
    const std::uint64_t cycle = pattern_.largest();
    const std::uint64_t due = pattern_.next_of_size(bytes.size(), next_);
    for (std::uint64_t packet = due; packet < due + kCycles * cycle; packet += cycle)
      if (pattern_.is_packet(packet, bytes)) {
        findings_.missing += packet - next_;
        next_ = packet + 1;
        return;
      }
    for (std::uint64_t before = 1; before <= kCycles && before * cycle <= due; ++before)
      if (pattern_.is_packet(due - before * cycle, bytes)) {
        ++findings_.doubled_or_late;
        return;
      }
    ++findings_.corrupt;
  }
  [[nodiscard]] const FlowFindings& findings() const noexcept { return findings_; }

 private:
  const FlowPattern& pattern_;
  std::uint64_t next_ = 0;
  FlowFindings findings_;
};

}  // namespace tunrelay::test
