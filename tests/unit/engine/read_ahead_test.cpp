// SPDX-License-Identifier: MIT
// How far an engine reads ahead: by the batch for small packets, by the cache for large ones.
#include "engine/read_ahead.hpp"

#include <gtest/gtest.h>

namespace tunrelay {
namespace {

void turn_of(ReadAhead& read_ahead, int packets, std::size_t bytes) {
  for (int packet = 0; packet < packets; ++packet) read_ahead.note(bytes);
  read_ahead.end_turn();
}

TEST(ReadAhead, BeginsWithTheMost) {
  EXPECT_EQ(ReadAhead(64).limit(), 64U);
}

TEST(ReadAhead, FollowsTheSizeOfTheLastTurnsPackets) {
  ReadAhead read_ahead(64);
  turn_of(read_ahead, 3, 65'000);
  EXPECT_EQ(read_ahead.limit(), 8U);
  turn_of(read_ahead, 8, 16'384);
  EXPECT_EQ(read_ahead.limit(), 16U);
  turn_of(read_ahead, 16, 100);
  EXPECT_EQ(read_ahead.limit(), 64U);
}

TEST(ReadAhead, AQuietTurnChangesNothing) {
  ReadAhead read_ahead(64);
  turn_of(read_ahead, 1, 65'000);
  read_ahead.end_turn();
  EXPECT_EQ(read_ahead.limit(), 8U);
}

TEST(ReadAhead, NeverExceedsWhatItWasGiven) {
  ReadAhead read_ahead(4);
  turn_of(read_ahead, 1, 65'000);
  EXPECT_EQ(read_ahead.limit(), 4U);
  turn_of(read_ahead, 1, 1);
  EXPECT_EQ(read_ahead.limit(), 4U);
}

TEST(ReadAhead, SaysWhenATurnHasReadEnough) {
  ReadAhead small(64);
  for (int packet = 0; packet < 63; ++packet) small.note(100);
  EXPECT_FALSE(small.is_enough());
  small.note(100);
  EXPECT_TRUE(small.is_enough());
  ReadAhead large(64);
  for (int packet = 0; packet < 7; ++packet) large.note(65'000);
  EXPECT_FALSE(large.is_enough()) << "less than the fewest";
  large.note(65'000);
  EXPECT_TRUE(large.is_enough());
}

}  // namespace
}  // namespace tunrelay
