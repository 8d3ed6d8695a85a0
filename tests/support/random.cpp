// SPDX-License-Identifier: MIT
#include "support/random.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "support/sanitizer.hpp"

namespace tunrelay::test {
namespace {

#ifdef TUNRELAY_UNDER_SANITIZER
constexpr double kShare = 0.2;
#else
constexpr double kShare = 1;
#endif

std::uint64_t draw_seed() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets the environment while tests run
  const char* wanted = std::getenv("TUNRELAY_TEST_SEED");
  const std::uint64_t seed =
      wanted == nullptr ? std::random_device{}() : std::strtoull(wanted, nullptr, 10);
  std::printf("random seed %llu (TUNRELAY_TEST_SEED=%llu repeats this)\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace

std::size_t scaled(std::size_t iterations) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets the environment while tests run
  const char* factor = std::getenv("TUNRELAY_TEST_SCALE");
  const double wanted = factor == nullptr ? 1 : std::strtod(factor, nullptr);
  const double count = static_cast<double>(iterations) * kShare * wanted;
  return std::max<std::size_t>(1, static_cast<std::size_t>(count));
}

SeededRandom::SeededRandom() : SeededRandom(draw_seed()) {}

SeededRandom::SeededRandom(std::uint64_t seed) : seed_(seed), generator_(seed) {}

std::uint64_t SeededRandom::between(std::uint64_t first, std::uint64_t last) {
  return std::uniform_int_distribution<std::uint64_t>(first, last)(generator_);
}

bool SeededRandom::chance(double probability) {
  return std::bernoulli_distribution(probability)(generator_);
}

void SeededRandom::fill(std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(generator_());
}

std::vector<std::byte> SeededRandom::bytes(std::size_t count) {
  std::vector<std::byte> drawn(count);
  fill(drawn);
  return drawn;
}

}  // namespace tunrelay::test
