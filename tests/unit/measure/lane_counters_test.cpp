// The law of the accounts: read == written + held + dropped, in each unit.
#include "measure/lane_counters.hpp"

#include <gtest/gtest.h>

namespace tunrelay {
namespace {

LaneCounts sample_counts() {
  LaneCounts counts;
  counts.read = {10, 20, 3000};
  counts.written = {7, 16, 2500};
  counts.held = {1, 2, 300};
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

TEST(LaneCounts, AddUpAndGoBack) {
  LaneCounts sum = sample_counts();
  sum += sample_counts();
  EXPECT_EQ(sum.read, (Tally{20, 40, 6000}));
  EXPECT_EQ(sum.writes, 10U);
  EXPECT_TRUE(sum.balanced());
  sum -= sample_counts();
  EXPECT_EQ(sum.read, sample_counts().read);
  EXPECT_EQ(sum.dropped_in_all(), sample_counts().dropped_in_all());
}

}  // namespace
}  // namespace tunrelay
