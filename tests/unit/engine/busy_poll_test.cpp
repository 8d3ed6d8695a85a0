// SPDX-License-Identifier: MIT
// When it pays to look for the next packet instead of sleeping.
#include "engine/busy_poll.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace tunrelay {
namespace {

constexpr BusyPollRule kAdaptive{.most_ns = 50'000, .adaptive = true};

TEST(BusyPoll, WithoutARuleThereIsNone) {
  EXPECT_EQ(BusyPoll(BusyPollRule{}).before(-1), 0);
}

TEST(BusyPoll, AFixedRuleHoldsWhateverComes) {
  BusyPoll spin({.most_ns = 20'000, .adaptive = false});
  EXPECT_EQ(spin.before(-1), 20'000);
  spin.after(1'000'000'000, 100, 100'000);
  EXPECT_EQ(spin.before(-1), 20'000);
}

TEST(BusyPoll, NeverOutlastsTheWait) {
  const BusyPoll spin({.most_ns = 20'000, .adaptive = false});
  EXPECT_EQ(spin.before(5'000), 5'000);
  EXPECT_EQ(spin.before(0), 0);
}

TEST(BusyPoll, AnAdaptiveRuleWaitsForSmallTalk) {
  BusyPoll spin(kAdaptive);
  EXPECT_EQ(spin.before(-1), 0) << "it begins asleep";
  spin.after(30'000, 1, 84);
  EXPECT_EQ(spin.before(-1), 50'000);
  EXPECT_EQ(spin.before(100'000), 0) << "packets wait in the link";
}

TEST(BusyPoll, AnAdaptiveRuleEndsWithSmallTalk) {
  for (const auto& [waited_ns, packets, bytes] :
       {std::tuple{1'000'000, 1, 84}, std::tuple{30'000, 13, 900}, std::tuple{30'000, 1, 60'000}}) {
    BusyPoll spin(kAdaptive);
    spin.after(30'000, 1, 84);
    spin.after(waited_ns, static_cast<std::size_t>(packets), static_cast<std::size_t>(bytes));
    EXPECT_EQ(spin.before(-1), 0) << waited_ns << " ns, " << packets << ", " << bytes;
  }
}

TEST(SpinUntil, EndsWithTheConditionOrTheTime) {
  int looks = 0;
  YieldPolicy yield_policy;
  EXPECT_TRUE(spin_until([&looks] { return ++looks == 3; }, 1'000'000'000, yield_policy));
  EXPECT_EQ(looks, 3);
  const std::int64_t begin_ns = monotonic_ns();
  EXPECT_FALSE(spin_until([] { return false; }, 2'000'000, yield_policy));
  EXPECT_GE(monotonic_ns() - begin_ns, 2'000'000);
}

TEST(CourtesyTest, GoesOnWithThoseWhoAreBrief) {
  YieldPolicy yield_policy;
  yield_policy.note(1'000'000, 1'100'000);
  EXPECT_TRUE(yield_policy.is_due(1'100'000));
}

TEST(CourtesyTest, KeepsTheCpuForAsLongAsAStrangerDid) {
  YieldPolicy yield_policy;
  yield_policy.note(1'000'000, 4'000'000);
  EXPECT_FALSE(yield_policy.is_due(4'000'000));
  EXPECT_FALSE(yield_policy.is_due(6'999'999));
  EXPECT_TRUE(yield_policy.is_due(7'000'000));
  yield_policy.note(7'000'000, 7'010'000);  // he has gone
  EXPECT_TRUE(yield_policy.is_due(7'010'000));
}

}  // namespace
}  // namespace tunrelay
