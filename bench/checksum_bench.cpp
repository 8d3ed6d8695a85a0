// SPDX-License-Identifier: MIT
// sum_of(), beside the word-by-word sum of RFC 1071, section 4.1, over the same bytes.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "packet/checksum.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::int64_t kLengths[] = {20, 40, 72, 576, 1448, 9000, 65535};

std::uint16_t sum_word_by_word(std::span<const std::byte> bytes) noexcept {
  std::uint32_t sum = 0;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) sum += load_u16(bytes.data() + at);
  if (at < bytes.size()) sum += static_cast<std::uint32_t>(load_u8(bytes.data() + at)) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

template <typename Sum>
void run(benchmark::State& state, Sum sum) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0xa5});
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes.data());
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(sum(std::span<const std::byte>{bytes}));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void checksum_fast(benchmark::State& state) {
  run(state, [](std::span<const std::byte> bytes) { return sum_of(bytes); });
}
void checksum_word_by_word_rfc1071(benchmark::State& state) {
  run(state, sum_word_by_word);
}

BENCHMARK(checksum_fast)->ArgsProduct({{std::begin(kLengths), std::end(kLengths)}});
BENCHMARK(checksum_word_by_word_rfc1071)->ArgsProduct({{std::begin(kLengths), std::end(kLengths)}});

}  // namespace
}  // namespace tunrelay::bench
