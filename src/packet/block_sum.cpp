// SPDX-License-Identifier: MIT
#include "packet/block_sum.hpp"

#include <array>
#include <cstring>

namespace tunrelay {
namespace {

using Words = std::uint64_t __attribute__((vector_size(32)));
constexpr std::uint64_t kLowHalf = 0xffffffff;

/// Two sums, so that an addition need not wait for the one before. Inlined into a function for each
/// kind of CPU, whose instructions it is then made of.
template <bool kCopies>
[[gnu::always_inline]] inline std::uint64_t sum_blocks(const std::byte* from, std::byte* to,
                                                       std::size_t blocks) noexcept {
  Words sum{};
  Words other_sum{};
  for (; blocks != 0; --blocks) {
    Words words;
    Words others;
    std::memcpy(&words, from, sizeof words);
    std::memcpy(&others, from + sizeof words, sizeof others);
    from += kSumBlockBytes;
    if constexpr (kCopies) {
      std::memcpy(to, &words, sizeof words);
      std::memcpy(to + sizeof words, &others, sizeof others);
      to += kSumBlockBytes;
    }
    sum += (words & kLowHalf) + (words >> 32U);
    other_sum += (others & kLowHalf) + (others >> 32U);
  }
  sum += other_sum;
  return sum[0] + sum[1] + sum[2] + sum[3];
}

std::uint64_t sum_plainly(const std::byte* from, std::size_t blocks) noexcept {
  return sum_blocks<false>(from, nullptr, blocks);
}
std::uint64_t copy_and_sum_plainly(const std::byte* from, std::byte* to,
                                   std::size_t blocks) noexcept {
  return sum_blocks<true>(from, to, blocks);
}
constexpr BlockSum kPlain{"plain", sum_plainly, copy_and_sum_plainly};

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::uint64_t sum_by_avx2(const std::byte* from,
                                                  std::size_t blocks) noexcept {
  return sum_blocks<false>(from, nullptr, blocks);
}
[[gnu::target("avx2")]] std::uint64_t copy_and_sum_by_avx2(const std::byte* from, std::byte* to,
                                                           std::size_t blocks) noexcept {
  return sum_blocks<true>(from, to, blocks);
}
constexpr std::array kAll{kPlain, BlockSum{"avx2", sum_by_avx2, copy_and_sum_by_avx2}};
#else
constexpr std::array kAll{kPlain};
#endif

}  // namespace

std::span<const BlockSum> block_sums() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") == 0) return std::span(kAll).first(1);
#endif
  return kAll;
}

}  // namespace tunrelay
