// SPDX-License-Identifier: MIT
// The spread of delays: each shape against its own formula, and tables from files.
#include "stage/jitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "impairment_fixture.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

constexpr std::int64_t kDelay = 100'000'000;
constexpr std::int64_t kSpread = 10'000'000;
constexpr std::size_t kDraws = 200'000;

std::vector<double> draws_of(DelayConfig config) {
  config.delay_ns = kDelay;
  config.jitter_ns = kSpread;
  Jitter jitter(config, kSomeKey);
  std::vector<double> draws;
  for (std::uint64_t number = 0; number < kDraws; ++number)
    draws.push_back(static_cast<double>(jitter.delay_ns(number) - kDelay) / kSpread);
  std::sort(draws.begin(), draws.end());
  return draws;
}

double mean_of(const std::vector<double>& draws) {
  double sum = 0;
  for (const double draw : draws) sum += draw;
  return sum / static_cast<double>(draws.size());
}

double at_share(const std::vector<double>& draws, double share) {
  return draws[static_cast<std::size_t>(share * static_cast<double>(draws.size()))];
}

TEST(JitterTest, UniformIsEvenWithinItsBounds) {
  const std::vector<double> draws = draws_of({.shape = JitterShape::kUniform});
  EXPECT_GE(draws.front(), -1);
  EXPECT_LE(draws.back(), 1);
  for (const double share : {0.1, 0.25, 0.5, 0.9})
    EXPECT_NEAR(at_share(draws, share), 2 * share - 1, 0.01);
}

TEST(JitterTest, NormalHasTheQuantilesOfANormalDistribution) {
  const std::vector<double> draws = draws_of({.shape = JitterShape::kNormal});
  EXPECT_NEAR(mean_of(draws), 0, 0.01);
  EXPECT_NEAR(at_share(draws, 0.5), 0, 0.02);
  EXPECT_NEAR(at_share(draws, 0.8413), 1, 0.03);
  EXPECT_NEAR(at_share(draws, 0.0228), -2, 0.05);
  EXPECT_LE(draws.back(), 4);
}

TEST(JitterTest, ParetoHasAHeavyTailAboveAndNoneBelow) {
  const std::vector<double> draws = draws_of({.shape = JitterShape::kPareto});
  EXPECT_NEAR(draws.front(), -2.0 / 3, 0.001) << "(1 - 1.5) * 4/3";
  EXPECT_NEAR(at_share(draws, 0.875), (2 - 1.5) * 4 / 3, 0.05);
  EXPECT_NEAR(draws.back(), 4, 0.001) << "as far as 16 bits go";
}

TEST(JitterTest, ParetoNormalLiesBetween) {
  const std::vector<double> mixed = draws_of({.shape = JitterShape::kParetoNormal});
  EXPECT_NEAR(at_share(mixed, 0.9772), 2.0 / 4 + (std::cbrt(1 / 0.0228) - 1.5), 0.1);
}

TEST(JitterTest, ATableIsDrawnFromEvenly) {
  const std::vector<double> draws =
      draws_of({.shape = JitterShape::kTable, .table = {-8192, 0, 4096, 16384}});
  for (const double value : {-1.0, 0.0, 0.5, 2.0})
    EXPECT_NEAR(static_cast<double>(std::count(draws.begin(), draws.end(), value)), kDraws / 4.0,
                kDraws * 0.005);
}

TEST(JitterTest, IsNeverNegativeInAll) {
  Jitter jitter({.delay_ns = 10, .jitter_ns = 1000}, kSomeKey);
  std::int64_t least = 10;
  for (std::uint64_t number = 0; number < 1000; ++number)
    least = std::min(least, jitter.delay_ns(number));
  EXPECT_EQ(least, 0);
}

TEST(JitterTest, ACorrelatedOneFollowsTheOneBeforeWhicheverAreDrawn) {
  const DelayConfig config{.delay_ns = kDelay, .jitter_ns = kSpread, .jitter_correlation = 0.8};
  Jitter jitter(config, kSomeKey);
  Jitter every_third(config, kSomeKey);
  double steps = 0;
  std::int64_t before = jitter.delay_ns(0);
  for (std::uint64_t number = 1; number < 3000; ++number) {
    const std::int64_t delay_ns = jitter.delay_ns(number);
    if (number % 3 == 0) {
      EXPECT_EQ(every_third.delay_ns(number), delay_ns);
    }
    steps += std::abs(static_cast<double>(delay_ns - before));
    before = delay_ns;
  }
  EXPECT_LT(steps / 3000, kSpread / 4.0) << "independent ones are two thirds of it apart";
}

TEST(JitterTest, ReadsNetemsTables) {
  EXPECT_EQ(parse_delay_table("# a comment\n -32768 -1\t0\n\n1 # another\r\n32767"),
            (std::vector<std::int16_t>{-32768, -1, 0, 1, 32767}));
}

TEST(JitterTest, SaysWhichLineOfATableIsWrong) {
  for (const char* text : {"1\n2 x", "1\n40000", "1\n2.5"}) {
    const Error error = thrown_error([&] { (void)parse_delay_table(text); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("line 2")) << text;
  }
  EXPECT_THAT(thrown_error([] { (void)parse_delay_table("# nothing\n"); }).what(),
              ::testing::HasSubstr("no number"));
}

}  // namespace
}  // namespace tunrelay::test
