// SPDX-License-Identifier: MIT
// Random input is only of use when a run can be had again.
#include "support/random.hpp"

#include <gtest/gtest.h>

namespace tunrelay::test {
namespace {

TEST(SeededRandomTest, TheSameSeedGivesTheSameRun) {
  SeededRandom first(42);
  SeededRandom second(42);
  EXPECT_EQ(first.bytes(100), second.bytes(100));
  EXPECT_EQ(first.between(0, 1U << 30), second.between(0, 1U << 30));
  SeededRandom other(43);
  EXPECT_NE(first.bytes(100), other.bytes(100));
}

TEST(SeededRandomTest, StaysBetweenTheEndsAndReachesBoth) {
  SeededRandom random;
  bool reached_first = false;
  bool reached_last = false;
  for (int draw = 0; draw < 1000; ++draw) {
    const std::uint64_t drawn = random.between(3, 5);
    ASSERT_GE(drawn, 3U);
    ASSERT_LE(drawn, 5U);
    reached_first |= drawn == 3;
    reached_last |= drawn == 5;
  }
  EXPECT_TRUE(reached_first && reached_last);
}

TEST(ScaledTest, NeverShrinksToNothing) {
  EXPECT_GE(scaled(1), 1U);
}

}  // namespace
}  // namespace tunrelay::test
