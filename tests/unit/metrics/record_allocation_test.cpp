// SPDX-License-Identifier: MIT
// What runs while a measurement does takes no memory: recording, adding, tracking.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "metrics/histogram.hpp"
#include "metrics/interarrival_jitter.hpp"
#include "metrics/sequence_tracker.hpp"
#include "support/allocation_counter.hpp"

namespace tunrelay {
namespace {

using test::allocations_of;

/// A counter that sees nothing would let all else pass.
TEST(AllocationCounter, SeesEveryWayToTakeMemory) {
  EXPECT_EQ(allocations_of([] {}), 0U);
  EXPECT_EQ(allocations_of([] {
              const auto number = std::make_unique<volatile int>(7);
              *number = *number + 1;
            }),
            1U);
  EXPECT_EQ(allocations_of([] { std::vector<std::uint64_t>(100).at(7) = 1; }), 1U);
  EXPECT_EQ(allocations_of([] {
              struct alignas(256) Aligned {
                volatile int number = 7;
              };
              const auto aligned = std::make_unique<Aligned>();
              aligned->number = 8;
            }),
            1U);
  void* volatile memory = nullptr;
  EXPECT_EQ(allocations_of([&] { memory = std::malloc(10); }), 1U);
  EXPECT_EQ(allocations_of([&] { memory = std::realloc(memory, 100'000); }), 1U);
  EXPECT_EQ(allocations_of([&] { std::free(memory); }), 0U);
}

TEST(Histogram, TakesNoMemoryWhileItRecords) {
  Histogram histogram;
  const Histogram other = histogram;
  EXPECT_EQ(allocations_of([&] {
              for (std::int64_t value = -1; value < Histogram::kHighest; value = value * 2 + 3)
                histogram.record(value);
              histogram += other;
              static_cast<void>(histogram.value_at_percentile(99));
              static_cast<void>(histogram.highest());
              histogram.clear();
            }),
            0U);
}

TEST(SequenceTracker, TakesNoMemoryWhileItTracks) {
  SequenceTracker tracker(1024);
  InterarrivalJitter jitter;
  EXPECT_EQ(allocations_of([&] {
              for (std::uint64_t sequence = 0; sequence < 100'000; ++sequence) {
                tracker.record(sequence * 3);
                tracker.record(sequence * 3 / 2);
                jitter.record(static_cast<std::int64_t>(sequence), 7);
              }
            }),
            0U);
  EXPECT_GT(tracker.totals().too_late, 0U);
  EXPECT_GT(tracker.totals().reordered, 0U);
}

}  // namespace
}  // namespace tunrelay
