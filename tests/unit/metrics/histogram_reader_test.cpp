// SPDX-License-Identifier: MIT
// What a reader takes from look to look against histograms of each part.
#include "metrics/histogram_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::scaled;
using test::SeededRandom;

ValueSummary summary_of(const Histogram& histogram) {
  return {.count = histogram.count(),
          .p50 = histogram.value_at_percentile(50),
          .p95 = histogram.value_at_percentile(95),
          .p99 = histogram.value_at_percentile(99),
          .highest = histogram.highest()};
}

TEST(HistogramReader, AnEmptyIntervalHasNothing) {
  const SharedHistogram shared;
  HistogramReader reader(shared);
  IntervalValues values;
  reader.take(values);
  EXPECT_EQ(values.summary(), ValueSummary{});
}

TEST(HistogramReader, FirstTakesAllThatWasRecorded) {
  SharedHistogram shared;
  shared.record(1'000, 3);
  HistogramReader reader(shared);
  IntervalValues values;
  reader.take(values);
  EXPECT_EQ(values.summary().count, 3U);
}

TEST(HistogramReader, TakesEachIntervalOfSeveralHistogramsAsOne) {
  SeededRandom random;
  std::array<SharedHistogram, 3> shared;
  std::vector<HistogramReader> readers(shared.begin(), shared.end());
  IntervalValues values;
  for (std::size_t interval = 0; interval < scaled(300); ++interval) {
    Histogram expected;
    for (std::uint64_t count = random.between(0, 40); count != 0; --count) {
      // Near each other, as delays are, or anywhere.
      const auto value = static_cast<std::int64_t>(
          random.chance(0.8) ? 1'000'000 + random.between(0, 50'000)
                             : random.between(0, static_cast<std::uint64_t>(Histogram::kHighest)));
      const std::uint64_t times = random.between(1, 45);
      shared.at(random.between(0, 2)).record(value, times);
      expected.record(value, times);
    }
    values.clear();
    for (HistogramReader& reader : readers) reader.take(values);
    ASSERT_EQ(values.summary(), summary_of(expected)) << "interval " << interval;
  }
}

}  // namespace
}  // namespace tunrelay
