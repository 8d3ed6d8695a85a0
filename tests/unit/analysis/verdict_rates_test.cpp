// SPDX-License-Identifier: MIT
// How often the verdicts are right: whole campaigns on a simulated shared host
// (analysis_fixture.hpp). A rate is a matter of chance; with fixed seeds it is one of the code.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "analysis/compare.hpp"
#include "analysis_fixture.hpp"
#include "support/random.hpp"
#include "support/sanitizer.hpp"

namespace tunrelay {
namespace {

using test::measured_run;
using test::scaled;
using test::SeededRandom;

/// A rate is measured by the release build. A sanitizer looks at how it is computed, for which few
/// simulations are as good as many.
std::size_t simulations(std::size_t count) {
#ifdef TUNRELAY_UNDER_SANITIZER
  constexpr std::size_t kSanitizerShare = 10;
  return scaled(count / kSanitizerShare);
#else
  return scaled(count);
#endif
}

bool calls_a_difference(const Comparison& comparison) {
  return std::any_of(comparison.metrics.begin(), comparison.metrics.end(), [](const auto& metric) {
    return metric.verdict == Verdict::kBetter || metric.verdict == Verdict::kWorse;
  });
}

/// The share of comparisons in which the first of 6 metrics, CHANGE more in head, has VERDICT.
double rate_of(Verdict verdict, std::size_t rounds, double change, std::uint64_t seed) {
  SeededRandom random(seed);
  const std::size_t comparisons = simulations(400);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < comparisons; ++i) {
    const Comparison comparison = compare_paths(measured_run(random, 0.95, rounds, 6, change, 1));
    if (comparison.metrics[0].verdict == verdict) ++hits;
  }
  const double rate = static_cast<double>(hits) / static_cast<double>(comparisons);
  std::printf("%zu rounds, %+.0f %%: %s in %.1f %%\n", rounds, change * 100,
              std::string(name_of(verdict)).c_str(), rate * 100);
  return rate;
}

/// The share of campaigns of 20 comparisons of 6 metrics, nothing changed, without a false call.
double rate_of_clean_campaigns(double correlation, std::size_t rounds, std::uint64_t seed) {
  SeededRandom random(seed);
  const std::size_t campaigns = simulations(250);
  std::size_t clean = 0;
  for (std::size_t campaign = 0; campaign < campaigns; ++campaign) {
    bool is_clean = true;
    for (int i = 0; i < 20; ++i)
      is_clean &=
          !calls_a_difference(compare_paths(measured_run(random, correlation, rounds, 6, 0, 0)));
    if (is_clean) ++clean;
  }
  const double rate = static_cast<double>(clean) / static_cast<double>(campaigns);
  std::printf("A/A, correlation %.2f, %zu rounds: %.1f %% of campaigns are clean\n", correlation,
              rounds, rate * 100);
  return rate;
}

TEST(VerdictRatesTest, TheSameProgramTwiceIsHardlyEverCalledDifferent) {
  EXPECT_GE(rate_of_clean_campaigns(0.95, 60, 1), 0.96);
  EXPECT_GE(rate_of_clean_campaigns(0.5, 40, 2), 0.96);
}

TEST(VerdictRatesTest, FivePercentAreFoundNearlyAlways) {
  EXPECT_GE(rate_of(Verdict::kWorse, 100, -0.05, 3), 0.98);
  EXPECT_GE(rate_of(Verdict::kBetter, 100, 0.05, 4), 0.98);
}

TEST(VerdictRatesTest, ThreePercentAreFoundUsually) {
  EXPECT_GE(rate_of(Verdict::kWorse, 120, -0.03, 5), 0.85);
}

TEST(VerdictRatesTest, EnoughRoundsShowThatNothingChanged) {
  EXPECT_GE(rate_of(Verdict::kSame, 120, 0, 6), 0.8);
}

constexpr std::size_t kLookingComparisons = 600;

/// The share of comparisons in which some metric is called different, although nothing changed,
/// at one of LOOKS while the run grows to ROUNDS, each with the given options.
double false_calls(const JudgeOptions& options, std::size_t rounds, std::size_t looks,
                   std::uint64_t seed) {
  SeededRandom random(seed);
  const std::size_t comparisons = simulations(kLookingComparisons);
  std::size_t calls = 0;
  for (std::size_t i = 0; i < comparisons; ++i) {
    const Result whole = measured_run(random, 0.95, rounds, 4, 0, 0);
    for (std::size_t look = 1; look <= looks; ++look) {
      Result so_far = whole;
      for (Metric& metric : so_far.metrics)
        std::erase_if(metric.samples,
                      [&](const Sample& sample) { return sample.round >= rounds * look / looks; });
      if (!calls_a_difference(compare_paths(so_far, options))) continue;
      ++calls;
      break;
    }
  }
  const double rate = static_cast<double>(calls) / static_cast<double>(comparisons);
  std::printf("%zu looks at alpha %g: %.1f %% called different\n", looks, options.alpha,
              rate * 100);
  return rate;
}

TEST(VerdictRatesTest, LookingOftenDoesNotDeceiveMoreOften) {
  constexpr std::uint32_t kLooks = 4;
  constexpr double kAlpha = 0.05;
  const JudgeOptions whole{.alpha = kAlpha, .min_effect = 0};
  // Three standard deviations of a rate from so many comparisons.
  const double tolerance =
      3 * std::sqrt(kAlpha / static_cast<double>(simulations(kLookingComparisons)));
  const double rate = false_calls(options_of_a_look(whole, kLooks), 80, kLooks, 7);
  EXPECT_LE(rate, kAlpha + tolerance);
  // What it would come to without: the test sees the difference.
  EXPECT_GT(false_calls(whole, 80, kLooks, 7), rate);
}

}  // namespace
}  // namespace tunrelay
