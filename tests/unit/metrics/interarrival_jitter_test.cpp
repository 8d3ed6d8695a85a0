// SPDX-License-Identifier: MIT
// RFC 3550's jitter: by hand, and how it settles.
#include "metrics/interarrival_jitter.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tunrelay {
namespace {

TEST(InterarrivalJitter, IsNoneOfASteadyWay) {
  InterarrivalJitter jitter;
  EXPECT_EQ(jitter.value_ns(), 0);
  for (std::int64_t at_ns = 0; at_ns < 1'000'000; at_ns += 1000) jitter.record(at_ns, at_ns + 70);
  EXPECT_EQ(jitter.value_ns(), 0) << "however long the way is";
}

TEST(InterarrivalJitter, IsReckonedAsAppendixA8Has) {
  InterarrivalJitter jitter;
  jitter.record(0, 100);      // 100 ns under way
  jitter.record(1000, 1260);  // 260: J = 0 + (160 - 0) / 16
  EXPECT_DOUBLE_EQ(jitter.value_ns(), 10);
  jitter.record(2000, 2100);  // 100: J = 10 + (160 - 10) / 16
  EXPECT_DOUBLE_EQ(jitter.value_ns(), 19.375);
  jitter.record(3000, 3100);  // 100: J = 19.375 - 19.375 / 16
  EXPECT_DOUBLE_EQ(jitter.value_ns(), 18.1640625);
}

TEST(InterarrivalJitter, SettlesAtTheMeanChange) {
  InterarrivalJitter jitter;
  for (std::int64_t at = 0; at < 1000; ++at) jitter.record(at * 1000, at * 1000 + at % 2 * 500);
  EXPECT_NEAR(jitter.value_ns(), 500, 1e-6);
}

TEST(InterarrivalJitter, HoldsBetweenClocksThatDiffer) {
  constexpr std::int64_t kFar = 1'700'000'000'000'000'001;
  InterarrivalJitter near;
  InterarrivalJitter far;
  for (std::int64_t at = 0; at < 100; ++at) {
    const std::int64_t delay_ns = at * at % 37;
    near.record(at * 1000, at * 1000 + delay_ns);
    far.record(at * 1000, kFar + at * 1000 + delay_ns);
  }
  EXPECT_EQ(near.value_ns(), far.value_ns()) << "to the nanosecond";
  EXPECT_GT(near.value_ns(), 0);
}

TEST(InterarrivalJitter, TakesAnyTimes) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  InterarrivalJitter jitter;
  for (const std::int64_t sent_ns : {kMin, std::int64_t{0}, kMax})
    for (const std::int64_t received_ns : {kMin, std::int64_t{0}, kMax})
      jitter.record(sent_ns, received_ns);
  EXPECT_GE(jitter.value_ns(), 0) << "and no sanitizer complains";
}

}  // namespace
}  // namespace tunrelay
