// SPDX-License-Identifier: MIT
// When super-packets are read by read(), and until when.
#include "engine/bulk_mode.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace tunrelay {
namespace {

void take_turn(BulkMode& mode, std::initializer_list<std::size_t> packets) {
  for (const std::size_t bytes : packets) mode.note(bytes);
  mode.end_turn();
}

TEST(BulkModeTest, BeginsWithASuperPacket) {
  BulkMode mode;
  EXPECT_FALSE(mode.is_on());
  for (int turn = 0; turn < 100; ++turn) take_turn(mode, {64, 1500, 9000});
  EXPECT_FALSE(mode.is_on());
  take_turn(mode, {64, 65'000});
  EXPECT_TRUE(mode.is_on());
}

TEST(BulkModeTest, LastsThroughAcknowledgementsAndTurnsWithoutPackets) {
  BulkMode mode;
  for (int round = 0; round < 10; ++round) {
    take_turn(mode, {65'000});
    for (int turn = 0; turn < 30; ++turn) take_turn(mode, {64});
    for (int turn = 0; turn < 1000; ++turn) take_turn(mode, {});
    EXPECT_TRUE(mode.is_on());
  }
}

TEST(BulkModeTest, EndsWithSmallPacketsAlone) {
  BulkMode mode;
  take_turn(mode, {65'000});
  for (int turn = 0; turn < 64; ++turn) take_turn(mode, {1500});
  EXPECT_FALSE(mode.is_on());
}

}  // namespace
}  // namespace tunrelay
