// SPDX-License-Identifier: MIT
// The bounds that trials give, and the load that is tried next.
#include "analysis/bracket.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tunrelay {
namespace {

constexpr std::uint64_t kAlwaysSendable = std::numeric_limits<std::uint64_t>::max();

TrialsByLoad trials_with(std::initializer_list<std::pair<std::uint64_t, double>> loads_and_losses) {
  TrialsByLoad trials;
  for (const auto& [load_per_s, loss_ratio] : loads_and_losses)
    trials[load_per_s].push_back(
        {.input = {load_per_s, kNanosecondsPerSecond}, .loss_ratio = loss_ratio});
  return trials;
}

TEST(BracketTest, IsTheSmallestUpperBoundAndTheLargestLowerOneBelow) {
  const TrialsByLoad trials = trials_with({{10, 0}, {20, 0}, {30, 0.1}, {40, 0}, {50, 0.1}});
  const Bracket bracket = bracket_of(SearchGoal{}, trials);
  EXPECT_EQ(bracket.lower_per_s, 20U);
  EXPECT_EQ(bracket.upper_per_s, 30U);
  EXPECT_TRUE(has_loss_inversion(SearchGoal{}, trials));
  EXPECT_FALSE(has_loss_inversion(SearchGoal{}, trials_with({{10, 0}, {20, 0.1}, {30, 0.1}})));
  EXPECT_FALSE(has_loss_inversion(SearchGoal{}, trials_with({{10, 0}})));
}

TEST(BracketTest, IsNarrowByTheShareOfTheUpperBound) {
  EXPECT_TRUE((Bracket{995, 1000}.is_narrow(0.005)));
  EXPECT_FALSE((Bracket{994, 1000}.is_narrow(0.005)));
  EXPECT_TRUE((Bracket{9, 10}.is_narrow(0.005))) << "nothing lies between";
  EXPECT_FALSE((Bracket{9, std::nullopt}.is_narrow(1)));
  EXPECT_FALSE((Bracket{std::nullopt, 10}.is_narrow(1)));
}

TEST(NextLoadTest, GoesAcrossTheGuessAndThenInGrowingSteps) {
  const LoadRange range{100, 1'000'000, kAlwaysSendable};
  EXPECT_EQ(next_load({std::nullopt, 1'000'000}, range, 100'000, 0.01), 99'500U);
  EXPECT_EQ(next_load({99'500, 1'000'000}, range, 100'000, 0.01), 100'495U);
  EXPECT_EQ(next_load({100'495, 1'000'000}, range, 100'000, 0.01), 102'485U);
  EXPECT_EQ(next_load({std::nullopt, 99'500}, range, 100'000, 0.01), 98'505U);
  EXPECT_EQ(next_load({std::nullopt, 98'505}, range, 100'000, 0.01), 96'515U);
}

TEST(NextLoadTest, GoesHalfwayWhereAStepWouldGoTooFar) {
  const LoadRange range{100, 1'000'000, kAlwaysSendable};
  EXPECT_EQ(next_load({250'000, 360'000}, range, 100'000, 0.01), 300'000U);
  EXPECT_EQ(next_load({250'000, 360'000}, range, 900'000, 0.01), 300'000U);
}

TEST(NextLoadTest, TriesTheEndsOfTheRangeBeforeItGivesUp) {
  const LoadRange range{100, 1'000'000, kAlwaysSendable};
  EXPECT_EQ(next_load({995'000, std::nullopt}, range, 995'000, 0.01), 1'000'000U);
  EXPECT_EQ(next_load({1'000'000, std::nullopt}, range, 1'000'000, 0.01), std::nullopt);
  EXPECT_EQ(next_load({std::nullopt, 101}, range, 0, 0.01), 100U);
  EXPECT_EQ(next_load({std::nullopt, 100}, range, 0, 0.01), std::nullopt);
}

TEST(NextLoadTest, StaysBelowWhatCannotBeSent) {
  const LoadRange range{100, 1'000'000, 400'000};
  EXPECT_LT(next_load({300'000, 900'000}, range, 800'000, 0.01), 400'000U);
  EXPECT_EQ(next_load({399'000, 900'000}, range, 800'000, 0.01), std::nullopt);
  EXPECT_EQ(next_load({500'000, 900'000}, range, 800'000, 0.01), std::nullopt)
      << "what was sent before is above";
}

}  // namespace
}  // namespace tunrelay
