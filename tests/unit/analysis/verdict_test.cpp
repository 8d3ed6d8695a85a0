// SPDX-License-Identifier: MIT
// The rule of the verdicts, case by case.
#include "analysis/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::SeededRandom;
using testing::HasSubstr;

Effect effect_of(double change, double low, double high) {
  Effect effect;
  effect.change = change;
  effect.low = low;
  effect.high = high;
  effect.base_count = effect.head_count = 100;
  effect.paired = true;
  return effect;
}

constexpr double kCertain = 1e-6;
constexpr double kUncertain = 0.01;

TEST(VerdictTest, IsADifferenceThatIsCertainAndLargeEnough) {
  const JudgeOptions options;
  const Effect less = effect_of(-0.05, -0.06, -0.04);
  EXPECT_EQ(decide(less, kCertain, Better::kHigher, options), Verdict::kWorse);
  EXPECT_EQ(decide(less, kCertain, Better::kLower, options), Verdict::kBetter);
  const Effect more = effect_of(0.05, 0.04, 0.06);
  EXPECT_EQ(decide(more, kCertain, Better::kHigher, options), Verdict::kBetter);
  EXPECT_EQ(decide(more, kCertain, Better::kLower, options), Verdict::kWorse);
  EXPECT_EQ(decide(more, kCertain, Better::kNeither, options), std::nullopt);
}

TEST(VerdictTest, IsTheSameOnlyWithinTheBoundsForSure) {
  const JudgeOptions options;
  EXPECT_EQ(decide(effect_of(0.001, -0.01, 0.01), 0.5, Better::kHigher, options), Verdict::kSame);
  EXPECT_EQ(decide(effect_of(0.01, 0.005, 0.015), kCertain, Better::kHigher, options),
            Verdict::kSame)
      << "certain, but of no interest";
  EXPECT_EQ(decide(effect_of(0.001, -0.03, 0.01), 0.5, Better::kHigher, options),
            Verdict::kInconclusive);
  EXPECT_EQ(decide(effect_of(0.015, 0.005, 0.025), kCertain, Better::kHigher, options),
            Verdict::kInconclusive)
      << "certain, but how large?";
  EXPECT_EQ(decide(effect_of(-0.05, -0.09, -0.01), kUncertain, Better::kHigher, options),
            Verdict::kInconclusive)
      << "large, but not certain";
}

TEST(VerdictTest, BoundsAreTheSameFactorBothWays) {
  const JudgeOptions options{.min_effect = 1};
  EXPECT_EQ(decide(effect_of(-0.501, -0.6, -0.4), kCertain, Better::kHigher, options),
            Verdict::kWorse)
      << "half is as far as twice";
  EXPECT_EQ(decide(effect_of(-0.499, -0.6, -0.4), kCertain, Better::kHigher, options),
            Verdict::kInconclusive);
  EXPECT_EQ(decide(effect_of(0.99, 0.9, 1.1), kCertain, Better::kHigher, options),
            Verdict::kInconclusive);
  EXPECT_EQ(decide(effect_of(-0.3, -0.49, 0.9), kUncertain, Better::kHigher, options),
            Verdict::kSame);
}

TEST(VerdictTest, AnIntervalWithoutEndIsInconclusive) {
  Effect effect;
  effect.base_count = effect.head_count = 3;
  EXPECT_EQ(decide(effect, 1, Better::kHigher, {}), Verdict::kInconclusive);
  EXPECT_THAT(explain(effect, 1, Verdict::kInconclusive, 1, {}), HasSubstr("too few samples"));
}

TEST(VerdictTest, SaysWhy) {
  const JudgeOptions options;
  const auto reason = [&options](const Effect& effect, double p) {
    return explain(effect, p, *decide(effect, p, Better::kHigher, options), 6, options);
  };
  EXPECT_EQ(reason(effect_of(-0.05, -0.06, -0.04), kCertain),
            "a change of 2 % or more, and not by chance (p 1e-06, below 0.001)");
  EXPECT_EQ(reason(effect_of(0, -0.01, 0.01), 1), "the 95 % interval lies within 2 %");
  EXPECT_THAT(reason(effect_of(0.015, 0.005, 0.025), kCertain),
              HasSubstr("it is not clear whether"));
  EXPECT_THAT(reason(effect_of(-0.05, -0.09, -0.01), kUncertain),
              HasSubstr("(p is not below 0.001)"));
}

TEST(VerdictTest, OfTheWholeIsTheWorstThatMayBe) {
  using enum Verdict;
  const auto of = [](std::vector<Verdict> verdicts) { return overall(verdicts); };
  EXPECT_EQ(of({kSame, kBetter, kInconclusive, kWorse}), kWorse);
  EXPECT_EQ(of({kSame, kBetter, kInconclusive}), kInconclusive) << "a loss may hide there";
  EXPECT_EQ(of({kSame, kBetter}), kBetter);
  EXPECT_EQ(of({kSame, kSame}), kSame);
  EXPECT_EQ(of({}), kInconclusive);
  EXPECT_EQ(exit_code_of(kWorse), ExitCode::kRegression);
  EXPECT_EQ(exit_code_of(kInconclusive), ExitCode::kInconclusive);
  EXPECT_EQ(exit_code_of(kBetter), ExitCode::kDone);
  EXPECT_EQ(exit_code_of(kSame), ExitCode::kDone);
  EXPECT_EQ(name_of(kWorse), "worse");
}

TEST(VerdictTest, FewestRoundsAreThoseThatCanReachAlpha) {
  // 2^(1 - n) < 0.001 takes 11; 6 * 2^(1 - n) takes 14.
  EXPECT_EQ(fewest_rounds(1, {}), 11U);
  EXPECT_EQ(fewest_rounds(6, {}), 14U);
  SeededRandom random(1);
  for (const std::size_t rounds : {10U, 11U}) {
    std::vector<double> base(rounds, 1);
    std::vector<double> head;
    for (std::size_t i = 0; i < rounds; ++i)
      head.push_back(1.1 + static_cast<double>(random.between(0, 1U << 30)) * 1e-10);
    const Effect effect = paired_effect(base, head, 0.95);
    EXPECT_EQ(decide(effect, effect.p, Better::kHigher, {}) == Verdict::kBetter, rounds == 11);
    EXPECT_NEAR(effect.p, effect.least_p(), 1e-12);
  }
}

TEST(VerdictTest, RefusesOptionsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(check_options({}));
  EXPECT_NO_THROW(check_options({.min_effect = 0}));
  for (const JudgeOptions& options :
       {JudgeOptions{.alpha = 0}, JudgeOptions{.alpha = 1}, JudgeOptions{.alpha = nan},
        JudgeOptions{.confidence = 1}, JudgeOptions{.confidence = 95},
        JudgeOptions{.min_effect = -0.01}, JudgeOptions{.min_effect = nan}}) {
    try {
      check_options(options);
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << error.what();
    }
  }
}

}  // namespace
}  // namespace tunrelay
