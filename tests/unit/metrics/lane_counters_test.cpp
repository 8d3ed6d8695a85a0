// SPDX-License-Identifier: MIT
// The law of the accounts: read + made == written + queued + dropped, in each unit.
#include "metrics/lane_counters.hpp"

#include <gtest/gtest.h>

namespace tunrelay {
namespace {

LaneCounts sample_counts() {
  LaneCounts counts;
  counts.read = {10, 20, 3000};
  counts.made = {1, 2, 100};
  counts.written = {8, 18, 2600};
  counts.queued = {1, 2, 300};
  counts.dropped[0] = {1, 1, 100};
  counts.dropped[kDropReasons - 1] = {1, 1, 100};
  counts.writes = 5;
  return counts;
}

TEST(LaneCounts, AreBalancedWhenEveryPacketIsAccountedFor) {
  EXPECT_TRUE(sample_counts().balanced());
  EXPECT_EQ(sample_counts().dropped_in_all(), (Tally{2, 2, 200}));
  for (std::uint64_t Tally::*unit : {&Tally::packets, &Tally::segments, &Tally::bytes}) {
    LaneCounts counts = sample_counts();
    ++(counts.written.*unit);
    EXPECT_FALSE(counts.balanced()) << "one too many in one unit alone";
  }
}

TEST(LaneCounts, AddUp) {
  LaneCounts sum = sample_counts();
  sum += sample_counts();
  EXPECT_EQ(sum.read, (Tally{20, 40, 6000}));
  EXPECT_EQ(sum.made, (Tally{2, 4, 200}));
  EXPECT_EQ(sum.writes, 10U);
  EXPECT_TRUE(sum.balanced());
}

TEST(LaneCounts, TellWhatHappenedSinceAnEarlierReading) {
  LaneCounts now = sample_counts();
  now.read += {5, 5, 500};
  now.written += {6, 7, 800};  // what was queued has left, and all that came
  now.queued = {};
  ASSERT_TRUE(now.balanced());
  now -= sample_counts();
  EXPECT_EQ(now.read, (Tally{6, 7, 800})) << "with what was queued before";
  EXPECT_EQ(now.written, (Tally{6, 7, 800}));
  EXPECT_EQ(now.dropped_in_all(), Tally{});
  EXPECT_EQ(now.queued, Tally{});
  EXPECT_TRUE(now.balanced());
}

}  // namespace
}  // namespace tunrelay
