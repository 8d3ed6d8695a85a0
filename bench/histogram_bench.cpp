// SPDX-License-Identifier: MIT
// What measuring costs: a latency recorded, histograms of threads added up, percentiles, the text
// form, and a message's sequence number. The first and the last are paid for every message.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "metrics/hdr_encoding.hpp"
#include "metrics/histogram.hpp"
#include "metrics/sequence_tracker.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::size_t kValues = 4096;

/// Around 20 us within a factor of 2^SPREAD: how much of the histogram is in use.
std::vector<std::int64_t> latencies(std::int64_t spread) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> doublings(0, static_cast<double>(spread));
  std::vector<std::int64_t> values(kValues);
  for (std::int64_t& value : values)
    value = static_cast<std::int64_t>(20'000 * std::exp2(doublings(random)));
  return values;
}

Histogram histogram_of(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(value);
  return histogram;
}

void histogram_record(benchmark::State& state) {
  const std::vector<std::int64_t> values = latencies(state.range(0));
  Histogram histogram;
  for (auto _ : state) {
    for (const std::int64_t value : values) histogram.record(value);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}
BENCHMARK(histogram_record)->Arg(1)->Arg(4)->Arg(16);

void histogram_merge(benchmark::State& state) {
  const Histogram part = histogram_of(latencies(4));
  Histogram sum;
  for (auto _ : state) {
    sum += part;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_merge);

void histogram_find_percentile(benchmark::State& state) {
  const Histogram histogram = histogram_of(latencies(4));
  for (auto _ : state) benchmark::DoNotOptimize(histogram.value_at_percentile(99));
}
BENCHMARK(histogram_find_percentile);

void histogram_encode(benchmark::State& state) {
  const Histogram histogram = histogram_of(latencies(state.range(0)));
  std::string text;
  for (auto _ : state) {
    text = encode_histogram(histogram);
    benchmark::DoNotOptimize(text.data());
  }
  state.counters["characters"] = static_cast<double>(text.size());
}
BENCHMARK(histogram_encode)->Arg(1)->Arg(4)->Arg(16);

void histogram_decode(benchmark::State& state) {
  const std::string text = encode_histogram(histogram_of(latencies(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(decode_histogram(text));
}
BENCHMARK(histogram_decode)->Arg(1)->Arg(4)->Arg(16);

enum Order : std::int64_t { kInOrder, kOneInTenLost, kPairsSwapped, kEachTwice };

/// Numbers as they arrive, the same again and again from each highest one on.
void sequence_track(benchmark::State& state) {
  std::vector<std::uint64_t> arrivals;
  for (std::uint64_t number = 0; number < kValues; ++number) {
    if (state.range(0) == kOneInTenLost && number % 10 == 3) continue;
    arrivals.push_back(state.range(0) == kPairsSwapped ? number ^ 1U : number);
    if (state.range(0) == kEachTwice) arrivals.push_back(number);
  }
  constexpr const char* kLabels[] = {"in order", "one in ten lost", "pairs swapped", "each twice"};
  state.SetLabel(kLabels[state.range(0)]);
  SequenceTracker tracker(SequenceTracker::kMaxPositions >> 8U);
  std::uint64_t begin = 0;
  for (auto _ : state) {
    for (const std::uint64_t arrival : arrivals) tracker.record(begin + arrival);
    begin += kValues;
    benchmark::ClobberMemory();
  }
  benchmark::DoNotOptimize(tracker.totals());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(arrivals.size()));
}
BENCHMARK(sequence_track)->DenseRange(kInOrder, kEachTwice);

}  // namespace
}  // namespace tunrelay::bench
