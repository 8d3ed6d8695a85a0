// SPDX-License-Identifier: MIT
// Random input that can be had again: every run draws another seed, prints it, and
// TUNRELAY_TEST_SEED=N repeats the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace tunrelay::test {

/// ITERATIONS, fewer under a sanitizer (a fifth), at least 1. TUNRELAY_TEST_SCALE=F in the
/// environment multiplies it, for a long run by hand.
[[nodiscard]] std::size_t scaled(std::size_t iterations);

/// Not thread-safe: one a thread, each with its own seed.
class SeededRandom {
 public:
  /// Draws a seed, or takes TUNRELAY_TEST_SEED, and prints it.
  SeededRandom();
  /// Prints nothing: the caller has the seed.
  explicit SeededRandom(std::uint64_t seed);

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  /// From FIRST to LAST, both included.
  std::uint64_t between(std::uint64_t first, std::uint64_t last);
  /// True with PROBABILITY, a number from 0 to 1.
  bool chance(double probability);
  void fill(std::span<std::byte> bytes);
  std::vector<std::byte> bytes(std::size_t count);
  /// For the distributions and algorithms of <random> and <algorithm>.
  std::mt19937_64& generator() noexcept { return generator_; }

 private:
  std::uint64_t seed_;
  std::mt19937_64 generator_;
};

}  // namespace tunrelay::test
