// When it pays to look for the next packet instead of sleeping.
#include "engine/spin.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace tunrelay {
namespace {

constexpr SpinRule kAdaptive{.most_ns = 50'000, .adaptive = true};

TEST(Spin, WithoutARuleThereIsNone) {
  EXPECT_EQ(Spin(SpinRule{}).before(-1), 0);
}

TEST(Spin, AFixedRuleHoldsWhateverComes) {
  Spin spin({.most_ns = 20'000, .adaptive = false});
  EXPECT_EQ(spin.before(-1), 20'000);
  spin.after(1'000'000'000, 100, 100'000);
  EXPECT_EQ(spin.before(-1), 20'000);
}

TEST(Spin, NeverOutlastsTheWait) {
  const Spin spin({.most_ns = 20'000, .adaptive = false});
  EXPECT_EQ(spin.before(5'000), 5'000);
  EXPECT_EQ(spin.before(0), 0);
}

TEST(Spin, AnAdaptiveRuleWaitsForSmallTalk) {
  Spin spin(kAdaptive);
  EXPECT_EQ(spin.before(-1), 0) << "it begins asleep";
  spin.after(30'000, 1, 84);
  EXPECT_EQ(spin.before(-1), 50'000);
}

TEST(Spin, AnAdaptiveRuleEndsWithSmallTalk) {
  for (const auto& [waited_ns, packets, bytes] :
       {std::tuple{1'000'000, 1, 84}, std::tuple{30'000, 3, 300}, std::tuple{30'000, 1, 60'000}}) {
    Spin spin(kAdaptive);
    spin.after(30'000, 1, 84);
    spin.after(waited_ns, static_cast<std::size_t>(packets), static_cast<std::size_t>(bytes));
    EXPECT_EQ(spin.before(-1), 0) << waited_ns << " ns, " << packets << ", " << bytes;
  }
}

TEST(SpinUntil, EndsWithTheConditionOrTheTime) {
  int looks = 0;
  Courtesy courtesy;
  EXPECT_TRUE(spin_until([&looks] { return ++looks == 3; }, 1'000'000'000, courtesy));
  EXPECT_EQ(looks, 3);
  const std::int64_t begin_ns = monotonic_ns();
  EXPECT_FALSE(spin_until([] { return false; }, 2'000'000, courtesy));
  EXPECT_GE(monotonic_ns() - begin_ns, 2'000'000);
}

/// How many looks in a row give no turn.
unsigned turns_without(Courtesy& courtesy) {
  unsigned turns = 0;
  while (!courtesy.is_due()) ++turns;
  return turns;
}

TEST(CourtesyTest, GoesOnWithThoseWhoAreBrief) {
  Courtesy courtesy;
  for (int turn = 0; turn < 5; ++turn) {
    courtesy.note(100'000);
    EXPECT_EQ(turns_without(courtesy), 0U);
  }
}

TEST(CourtesyTest, IsRarerTheLongerAStrangerStays) {
  Courtesy courtesy;
  std::vector<unsigned> pauses;
  for (int turn = 0; turn < 12; ++turn) {
    courtesy.note(3'000'000);
    pauses.push_back(turns_without(courtesy));
  }
  EXPECT_EQ(pauses, (std::vector<unsigned>{1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023, 1023}));
  courtesy.note(100'000);  // he has gone
  EXPECT_EQ(turns_without(courtesy), 0U);
}

}  // namespace
}  // namespace tunrelay
