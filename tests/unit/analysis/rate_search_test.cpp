// SPDX-License-Identifier: MIT
// Searches across links whose rate is known.
#include "analysis/rate_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "simulated_link.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::link_of;
using test::loss_beyond;
using test::search_of;

SearchGoal no_drop_goal() {
  SearchGoal goal;
  goal.name = "ndr";
  goal.duration_sum_ns = 5 * kNanosecondsPerSecond;
  return goal;
}

SearchGoal pdr_goal() {
  SearchGoal goal = no_drop_goal();
  goal.name = "pdr";
  goal.loss_ratio = 0.005;
  return goal;
}

SearchPlan ndr_plan() {
  SearchPlan plan;
  plan.goals = {no_drop_goal()};
  return plan;
}

TEST(RateSearchTest, FindsTheRateOfALinkAtOnce) {
  const RateSearch search = search_of(ndr_plan(), link_of(123'456));
  const GoalResult result = search.results().front();
  EXPECT_EQ(result.end, SearchEnd::kReached);
  EXPECT_LE(*result.bounds.lower_per_s, 123'456U);
  EXPECT_GT(*result.bounds.upper_per_s, 123'456U);
  EXPECT_TRUE(result.bounds.is_narrow(0.005));
  EXPECT_EQ(result.conditional_throughput_per_s, static_cast<double>(*result.bounds.lower_per_s));
  EXPECT_FALSE(result.loss_inversion);
  // The overload, a probe of each bound, and two more trials of each to be sure.
  EXPECT_LE(search.trials().size(), 7U);
}

TEST(RateSearchTest, FindsSeveralGoalsInOneSearch) {
  SearchPlan plan = ndr_plan();
  plan.goals = {pdr_goal(), no_drop_goal()};
  const RateSearch search = search_of(plan, link_of(200'000));
  const auto results = search.results();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].goal.name, "pdr");
  for (const GoalResult& result : results) EXPECT_EQ(result.end, SearchEnd::kReached);
  // With 0.5 % of loss a link of 200,000 takes 201,005; what arrives is 200,000 still.
  EXPECT_NEAR(static_cast<double>(*results[0].bounds.lower_per_s), 201'005, 1'010);
  EXPECT_NEAR(results[0].conditional_throughput_per_s, 200'000, 200);
  EXPECT_NEAR(static_cast<double>(*results[1].bounds.lower_per_s), 200'000, 1'010);
  EXPECT_LE(search.trials().size(), 14U);
}

TEST(RateSearchTest, StartsWithShortTrialsWhereRequested) {
  SearchPlan plan = ndr_plan();
  plan.goals[0].initial_trial_ns = kNanosecondsPerSecond / 20;
  const RateSearch search = search_of(plan, link_of(50'000));
  EXPECT_EQ(search.results()[0].end, SearchEnd::kReached);
  EXPECT_EQ(search.trials().front().input.duration_ns, kNanosecondsPerSecond / 20);
  std::int64_t longest_ns = 0;
  for (const SearchTrial& trial : search.trials()) {
    EXPECT_GE(trial.input.duration_ns, longest_ns) << "trials of one goal grow";
    longest_ns = std::max(longest_ns, trial.input.duration_ns);
  }
  EXPECT_EQ(longest_ns, kNanosecondsPerSecond);
}

TEST(RateSearchTest, SaysThatALinkCarriesNothing) {
  const RateSearch search = search_of(ndr_plan(), link_of(0));
  const GoalResult result = search.results()[0];
  EXPECT_EQ(result.end, SearchEnd::kMinLoad);
  EXPECT_EQ(result.bounds.lower_per_s, std::nullopt);
  EXPECT_EQ(result.bounds.upper_per_s, 100U);
  EXPECT_EQ(result.conditional_throughput_per_s, 0);
  EXPECT_LE(search.trials().size(), 30U);
}

TEST(RateSearchTest, SaysThatALinkCarriesAllThatWasAllowed) {
  const RateSearch search = search_of(ndr_plan(), link_of(1e12));
  const GoalResult result = search.results()[0];
  EXPECT_EQ(result.end, SearchEnd::kMaxLoad);
  EXPECT_EQ(result.bounds.lower_per_s, 1'000'000U);
  EXPECT_EQ(result.bounds.upper_per_s, std::nullopt);
  EXPECT_EQ(result.conditional_throughput_per_s, 1e6);
  EXPECT_EQ(search.trials().size(), 3U);
}

/// The loss shows only once a buffer is full: a second of it at CAPACITY.
TEST(RateSearchTest, LossThatOnlyLongTrialsShowIsFound) {
  SearchPlan plan = ndr_plan();
  plan.goals[0].initial_trial_ns = kNanosecondsPerSecond / 10;
  plan.goals[0].final_trial_ns = 4 * kNanosecondsPerSecond;
  plan.goals[0].duration_sum_ns = 8 * kNanosecondsPerSecond;
  constexpr double kCapacity = 80'000;
  const RateSearch search = search_of(plan, [](const TrialInput& input) {
    const double sent =
        static_cast<double>(input.load_per_s) * static_cast<double>(input.duration_ns) / 1e9;
    const double carried = kCapacity * (1 + static_cast<double>(input.duration_ns) / 1e9);
    return SearchTrial{.input = input, .loss_ratio = std::max(0.0, 1 - carried / sent)};
  });
  const GoalResult result = search.results()[0];
  EXPECT_EQ(result.end, SearchEnd::kReached);
  // Within four seconds the buffer hides a quarter more.
  EXPECT_NEAR(static_cast<double>(*result.bounds.lower_per_s), 100'000, 600);
  EXPECT_LE(search.trials().size(), 40U);
}

TEST(RateSearchTest, WhatCannotBeSentIsTheSendersLimit) {
  for (const bool knows_what_it_sent : {false, true}) {
    const RateSearch search = search_of(ndr_plan(), [&](const TrialInput& input) {
      SearchTrial trial = link_of(1e12)(input);
      if (input.load_per_s <= 300'000) return trial;
      trial.invalid_reason = "late";
      trial.sent_per_s = knows_what_it_sent ? 290'000 : 0;
      return trial;
    });
    const GoalResult result = search.results()[0];
    EXPECT_EQ(result.end, SearchEnd::kSenderLimit);
    EXPECT_EQ(result.bounds.upper_per_s, std::nullopt) << "nothing is said of the link above";
    EXPECT_GE(*result.bounds.lower_per_s, 298'000U);
    EXPECT_LE(*result.bounds.lower_per_s, 300'000U);
    EXPECT_GT(search.unsendable_per_s(), *result.bounds.lower_per_s);
    EXPECT_LE(search.trials().size(), knows_what_it_sent ? 60U : 80U);
  }
}

TEST(RateSearchTest, ALinkBelowTheSendersLimitIsFoundAllTheSame) {
  const RateSearch search = search_of(ndr_plan(), [](const TrialInput& input) {
    SearchTrial trial = link_of(150'000)(input);
    if (input.load_per_s > 400'000) trial.invalid_reason = "late";
    return trial;
  });
  const GoalResult result = search.results()[0];
  EXPECT_EQ(result.end, SearchEnd::kReached);
  EXPECT_NEAR(static_cast<double>(*result.bounds.lower_per_s), 150'000, 760);
}

/// Nothing was lost yet, and the rate is far above: steps grow, whatever the largest load is.
TEST(RateSearchTest, GoesUpInGrowingSteps) {
  const RateSearch search = search_of(ndr_plan(), [](const TrialInput& input) {
    SearchTrial trial = link_of(500'000)(input);
    if (input.load_per_s > 900'000) trial.invalid_reason = "late";
    // An overload shows far less than the link carries.
    if (trial.loss_ratio > 0) trial.loss_ratio = std::max(trial.loss_ratio, 0.95);
    return trial;
  });
  EXPECT_EQ(search.results()[0].end, SearchEnd::kReached);
  EXPECT_NEAR(static_cast<double>(*search.results()[0].bounds.lower_per_s), 500'000, 2'500);
  EXPECT_LE(search.trials().size(), 40U);
}

TEST(RateSearchTest, ABusyMachineIsNotTakenForASlowSender) {
  SearchPlan plan = ndr_plan();
  plan.most_per_s = 100'000;
  const RateSearch search = search_of(plan, [](const TrialInput& input) {
    return SearchTrial{.input = input,
                       .invalid_reason = "held up now and then",
                       .sent_per_s = 0.999 * static_cast<double>(input.load_per_s)};
  });
  EXPECT_EQ(search.results()[0].end, SearchEnd::kInvalidTrials);
}

TEST(RateSearchTest, AnInvalidTrialNowAndThenIsRepeated) {
  test::SeededRandom random;
  const RateSearch search = search_of(ndr_plan(), [&](const TrialInput& input) {
    SearchTrial trial = link_of(150'000)(input);
    if (input.load_per_s < 900'000 && random.chance(0.2))
      trial.invalid_reason = "somebody else ran";
    return trial;
  });
  EXPECT_EQ(search.results()[0].end, SearchEnd::kReached);
  EXPECT_NEAR(static_cast<double>(*search.results()[0].bounds.lower_per_s), 150'000, 760);
}

TEST(RateSearchTest, WhenNothingCanBeSentItEnds) {
  const RateSearch search = search_of(ndr_plan(), [](const TrialInput& input) {
    return SearchTrial{.input = input, .invalid_reason = "late"};
  });
  EXPECT_EQ(search.results()[0].end, SearchEnd::kSenderLimit);
  EXPECT_EQ(search.results()[0].bounds.lower_per_s, std::nullopt);
  EXPECT_LE(search.trials().size(), 150U);
}

TEST(RateSearchTest, KeepsToItsLimits) {
  SearchPlan plan = ndr_plan();
  plan.most_trials = 4;
  const RateSearch few = search_of(plan, link_of(77'777));
  EXPECT_EQ(few.trials().size(), 4U);
  EXPECT_EQ(few.results()[0].end, SearchEnd::kTrialLimit);

  plan = ndr_plan();
  plan.most_time_ns = 5 * kNanosecondsPerSecond;
  const RateSearch brief = search_of(plan, [](const TrialInput& input) {
    SearchTrial trial = link_of(77'777)(input);
    trial.spent_ns = 2 * input.duration_ns;
    return trial;
  });
  EXPECT_EQ(brief.trials().size(), 3U);
  EXPECT_EQ(brief.results()[0].end, SearchEnd::kTimeLimit);
  EXPECT_EQ(RateSearch(ndr_plan()).results()[0].end, SearchEnd::kNotYet);
}

TEST(RateSearchTest, TrialsThatDisagreeLeaveTheRateOfMostOfThem) {
  // A trial in five loses something, at any load.
  test::SeededRandom random;
  const RateSearch search = search_of(ndr_plan(), [&](const TrialInput& input) {
    SearchTrial trial = link_of(100'000)(input);
    if (random.chance(0.2)) trial.loss_ratio = std::max(trial.loss_ratio, 0.001);
    return trial;
  });
  const GoalResult result = search.results()[0];
  // Chance may take a load below the rate for an upper bound, but never one above it for a lower.
  ASSERT_TRUE(result.bounds.lower_per_s);
  EXPECT_LE(*result.bounds.lower_per_s, 100'000U);
  EXPECT_GT(*result.bounds.lower_per_s, 50'000U);
}

TEST(RateSearchTest, WhatCannotBeIsRefused) {
  EXPECT_THROW(RateSearch(SearchPlan{}), Error);
  const auto refused = [](auto change) {
    SearchPlan plan = ndr_plan();
    change(plan);
    EXPECT_THROW(RateSearch{plan}, Error);
  };
  refused([](SearchPlan& plan) { plan.least_per_s = 0; });
  refused([](SearchPlan& plan) { plan.most_per_s = plan.least_per_s - 1; });
  refused([](SearchPlan& plan) { plan.goals[0].loss_ratio = 1; });
  refused([](SearchPlan& plan) { plan.goals[0].loss_ratio = -0.1; });
  refused([](SearchPlan& plan) { plan.goals[0].exceed_ratio = 1; });
  refused([](SearchPlan& plan) { plan.goals[0].width = 0; });
  refused([](SearchPlan& plan) { plan.goals[0].initial_trial_ns = 0; });
  refused([](SearchPlan& plan) { plan.goals[0].initial_trial_ns = 2 * kNanosecondsPerSecond; });
  refused([](SearchPlan& plan) { plan.goals[0].duration_sum_ns = kNanosecondsPerSecond / 2; });
}

constexpr std::uint64_t kNoBound = std::numeric_limits<std::uint64_t>::max();

/// Any goals, any link: what must hold whatever the trials say.
TEST(RateSearchPropertyTest, BoundsDoNotCrossAndTheSearchEnds) {
  test::SeededRandom random;
  for (std::size_t i = 0; i < test::scaled(2'000); ++i) {
    SearchPlan plan = ndr_plan();
    plan.goals = {no_drop_goal(), pdr_goal()};
    for (SearchGoal& goal : plan.goals) {
      goal.exceed_ratio = static_cast<double>(random.between(0, 3)) / 4;
      goal.width = random.chance(0.5) ? 0.005 : 0.05;
      goal.initial_trial_ns = goal.final_trial_ns / static_cast<std::int64_t>(random.between(1, 9));
      goal.duration_sum_ns = goal.final_trial_ns * static_cast<std::int64_t>(random.between(1, 9));
    }
    const double capacity = std::exp(static_cast<double>(random.between(0, 1'600)) / 100);
    const double noise = random.chance(0.5) ? 0 : static_cast<double>(random.between(0, 10)) / 10;
    const double invalids =
        random.chance(0.5) ? 0 : static_cast<double>(random.between(0, 10)) / 10;
    const RateSearch search = search_of(plan, [&](const TrialInput& input) {
      EXPECT_GE(input.load_per_s, plan.least_per_s);
      EXPECT_LE(input.load_per_s, plan.most_per_s);
      SearchTrial trial{.input = input, .loss_ratio = loss_beyond(capacity, input)};
      if (random.chance(noise))
        trial.loss_ratio = static_cast<double>(random.between(0, 100)) / 2'000;
      if (random.chance(invalids)) trial.invalid_reason = "late";
      return trial;
    });
    ASSERT_LE(search.trials().size(), plan.most_trials);
    for (const GoalResult& result : search.results()) {
      ASSERT_NE(result.end, SearchEnd::kNotYet);
      const Bracket& bounds = result.bounds;
      ASSERT_TRUE(result.end != SearchEnd::kReached || bounds.is_narrow(result.goal.width));
      ASSERT_LT(bounds.lower_per_s.value_or(0), bounds.upper_per_s.value_or(kNoBound));
      if (bounds.lower_per_s) {
        ASSERT_LE(result.conditional_throughput_per_s, static_cast<double>(*bounds.lower_per_s));
        ASSERT_GE(result.conditional_throughput_per_s,
                  static_cast<double>(*bounds.lower_per_s) * (1 - result.goal.loss_ratio));
      }
      if (noise > 0 || invalids > 0) continue;
      // Without noise: the answer, wherever it lies, in few trials.
      const double rate = capacity / (1 - result.goal.loss_ratio);
      ASSERT_LE(static_cast<double>(bounds.lower_per_s.value_or(0)), rate);
      ASSERT_GT(static_cast<double>(bounds.upper_per_s.value_or(kNoBound)), rate);
      ASSERT_EQ(result.end, rate < 100          ? SearchEnd::kMinLoad
                            : rate >= 1'000'000 ? SearchEnd::kMaxLoad
                                                : SearchEnd::kReached)
          << rate;
      ASSERT_LE(search.trials().size(), 60U);
    }
  }
}

}  // namespace
}  // namespace tunrelay
