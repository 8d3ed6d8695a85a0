// SPDX-License-Identifier: MIT
// Comparisons of whole results: which samples stand against each other, and what is missing.
#include "analysis/compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "analysis_fixture.hpp"

namespace tunrelay {
namespace {

using test::add_samples;
using test::spread_values;
using testing::ElementsAre;
using testing::HasSubstr;

Metric metric_with(const char* path, const std::vector<double>& values) {
  Metric metric{
      .name = "throughput", .unit = "bits_per_s", .better = Better::kHigher, .samples = {}};
  add_samples(metric, path, values);
  return metric;
}

Result result_of(Metric metric) {
  Result result;
  result.metrics.push_back(std::move(metric));
  return result;
}

TEST(MatchingTest, PairsRoundsThatBothHave) {
  Metric metric = metric_with(kBase, {10, 20, 30, 40});
  add_samples(metric, kHead, {11, 21, 31, 41, 51});
  metric.samples[1].invalid_reason = "the path was lost";
  metric.samples[6].value = std::numeric_limits<double>::quiet_NaN();
  const Matched matched = match_paths(metric, kBase, kHead);
  EXPECT_EQ(matched.basis, Basis::kPairedRounds);
  EXPECT_THAT(matched.base, ElementsAre(10, 40));
  EXPECT_THAT(matched.head, ElementsAre(11, 41));
}

TEST(MatchingTest, TakesTheMedianOfARound) {
  Metric metric = metric_with(kBase, {10, 20});
  add_samples(metric, kBase, {12, 22});
  add_samples(metric, kHead, {1, 2});
  EXPECT_THAT(match_paths(metric, kBase, kHead).base, ElementsAre(11, 21));
}

TEST(MatchingTest, DoesNotPairWhatShareFewRounds) {
  Metric metric = metric_with(kBase, {10, 20, 30, 40, 50});
  add_samples(metric, kHead, {11, 21, 31, 41, 51});
  for (std::size_t i = 5; i < 8; ++i) metric.samples[i].round += 100;
  const Matched matched = match_paths(metric, kBase, kHead);
  EXPECT_EQ(matched.basis, Basis::kSamples);
  EXPECT_EQ(matched.base.size(), 5U);
  EXPECT_EQ(matched.head.size(), 5U);
  for (Sample& sample : metric.samples) sample.round = 0;
  EXPECT_EQ(match_paths(metric, kBase, kHead).basis, Basis::kSamples) << "one round is none";
}

TEST(MatchingTest, DividesByTheControlOfTheRound) {
  Metric base = metric_with(kSubject, {10, 20, 30, 40});
  add_samples(base, kControl, {100, 100, 0, 200});
  Metric head = metric_with(kSubject, {20, 20});
  add_samples(head, kControl, {100, 50});
  const Matched matched = match_results(base, head, true);
  EXPECT_EQ(matched.basis, Basis::kRatioToControl);
  EXPECT_THAT(matched.base, ElementsAre(0.1, 0.2, 0.2)) << "nothing can be divided by 0";
  EXPECT_THAT(matched.head, ElementsAre(0.2, 0.4));
  EXPECT_EQ(match_results(base, head, false).basis, Basis::kSamples);
  EXPECT_THAT(match_results(base, head, false).head, ElementsAre(20, 20));
  head.samples[3].invalid_reason = "x";
  EXPECT_EQ(match_results(base, head, true).basis, Basis::kSamples) << "one round is not enough";
  EXPECT_EQ(name_of(matched.basis), "ratios to the control");
}

TEST(CompareTest, OfInterleavedLinksPairsRounds) {
  Metric metric = metric_with(kBase, spread_values(30, 100));
  add_samples(metric, kHead, spread_values(30, 95));
  Result result = result_of(metric);
  result.metric("not_measured", "ns", Better::kLower);
  const Comparison comparison = compare_paths(result);
  ASSERT_EQ(comparison.metrics.size(), 1U);
  const MetricComparison& only = comparison.metrics[0];
  EXPECT_EQ(only.basis, Basis::kPairedRounds);
  EXPECT_EQ(only.verdict, Verdict::kWorse) << only.reason;
  EXPECT_NEAR(only.effect->change, -0.05, 1e-12);
  EXPECT_NEAR(*only.head_median, 0.95 * *only.base_median, 1e-9);
  EXPECT_EQ(comparison.verdict, Verdict::kWorse);
  EXPECT_EQ(compare_paths(result, {}, kHead, kBase).verdict, Verdict::kBetter);
}

TEST(CompareTest, OfTwoResultsLetsTheControlTakeOutTheHost) {
  // Head's host runs at 0.8 of the speed of base's, and so does its control.
  Metric base = metric_with(kSubject, spread_values(40, 100));
  add_samples(base, kControl, spread_values(40, 200));
  Metric head = metric_with(kSubject, spread_values(40, 80));
  add_samples(head, kControl, spread_values(40, 160));
  const Comparison with = compare_results(result_of(base), result_of(head));
  EXPECT_EQ(with.metrics[0].basis, Basis::kRatioToControl);
  EXPECT_EQ(with.metrics[0].verdict, Verdict::kSame);
  ASSERT_TRUE(with.metrics[0].control);
  EXPECT_NEAR(with.metrics[0].control->change, -0.2, 1e-12);
  const Comparison without =
      compare_results(result_of(base), result_of(head), {.use_control = false});
  EXPECT_EQ(without.metrics[0].basis, Basis::kSamples);
  EXPECT_EQ(without.metrics[0].verdict, Verdict::kWorse);
  EXPECT_FALSE(without.metrics[0].effect->paired) << "rounds of two runs are not pairs";
}

TEST(CompareTest, CorrectsForAllMetricsThatHaveADirection) {
  Result result;
  for (const char* name : {"a", "b", "c"}) {
    Metric& metric = result.metric(name, "ns", Better::kLower);
    add_samples(metric, kBase, std::vector<double>(9, 100));
    add_samples(metric, kHead, {107, 109, 112, 108, 114, 111, 115, 110, 113});
  }
  result.metric("c", "ns", Better::kLower).better = Better::kNeither;
  const Comparison comparison = compare_paths(result);
  EXPECT_NEAR(comparison.metrics[0].effect->p, 2.0 / 512, 1e-12);
  EXPECT_NEAR(comparison.metrics[0].corrected_p, 4.0 / 512, 1e-12) << "of two, not three";
  EXPECT_EQ(comparison.metrics[2].verdict, std::nullopt);
  EXPECT_TRUE(comparison.metrics[2].effect) << "still reported";
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_THAT(comparison.metrics[0].reason, HasSubstr("take at least 12 rounds"));
}

TEST(CompareTest, WhatIsNotMeasuredAnyMoreIsInconclusive) {
  const Result base = result_of(metric_with(kSubject, spread_values(40, 100)));
  Result head;
  const Comparison gone = compare_results(base, head);
  EXPECT_EQ(gone.metrics[0].verdict, Verdict::kInconclusive);
  EXPECT_EQ(gone.metrics[0].reason, "head has no sample that counts");
  EXPECT_EQ(gone.verdict, Verdict::kInconclusive);

  head = base;
  for (Sample& sample : head.metrics[0].samples) sample.invalid_reason = "did not cross";
  EXPECT_EQ(compare_results(base, head).verdict, Verdict::kInconclusive);
  EXPECT_EQ(compare_results(head, base).metrics[0].reason, "base has no sample that counts");
  EXPECT_EQ(compare_results(head, head).metrics[0].reason, "no sample of either side counts");

  head = base;
  head.metrics[0].unit = "packets_per_s";
  EXPECT_EQ(compare_results(base, head).metrics[0].reason, "base and head differ in its unit");
  EXPECT_EQ(compare_results(base, head).verdict, Verdict::kInconclusive);
}

TEST(CompareTest, WhatIsNewIsReportedAndNotJudged) {
  const Result base = result_of(metric_with(kSubject, spread_values(60, 100)));
  Result head = base;
  head.metric("latency", "ns", Better::kLower).samples = base.metrics[0].samples;
  const Comparison comparison = compare_results(base, head, {.min_effect = 0.3});
  ASSERT_EQ(comparison.metrics.size(), 2U);
  EXPECT_EQ(comparison.metrics[1].metric, "latency");
  EXPECT_EQ(comparison.metrics[1].verdict, std::nullopt);
  EXPECT_TRUE(comparison.metrics[1].head_median);
  EXPECT_EQ(comparison.metrics[0].verdict, Verdict::kSame);
  EXPECT_EQ(comparison.verdict, Verdict::kSame);
}

TEST(CompareTest, RefusesOptionsOutOfRange) {
  EXPECT_THROW((void)compare_paths({}, {.alpha = 2}), Error);
  EXPECT_THROW((void)compare_results({}, {}, {.confidence = 0}), Error);
}

/// Throughput evenly spread by SPREAD both ways around a change, which is then known to a fifth of
/// that, and the CPU time of its packets with another change and little spread.
Comparison noisy_throughput(double spread, double change, double cpu_change) {
  constexpr int kRounds = 40;
  Result result;
  for (const bool is_cpu : {false, true}) {
    Metric& metric = result.metric(is_cpu ? "cpu" : "throughput", "1",
                                   is_cpu ? Better::kLower : Better::kHigher);
    std::vector<double> head;
    for (int round = 0; round < kRounds; ++round)
      head.push_back(
          (1 + (is_cpu ? cpu_change : change)) *
          (1 + (is_cpu ? 0.01 : spread) * (2.0 * (round * 17 % kRounds) / (kRounds - 1) - 1)));
    add_samples(metric, kBase, std::vector<double>(kRounds, 1));
    add_samples(metric, kHead, head);
  }
  Comparison comparison = compare_paths(result);
  settle_by_witnesses(comparison, std::vector<Witness>{{"throughput", "cpu"}, {"cpu", "none"}});
  return comparison;
}

TEST(CompareTest, AWitnessSettlesWhatNoiseHides) {
  const Comparison settled = noisy_throughput(0.15, 0, 0);
  EXPECT_EQ(settled.metrics[0].verdict, Verdict::kSame);
  EXPECT_GT(settled.metrics[0].effect->high, 0.02) << "by itself it is inconclusive";
  EXPECT_THAT(settled.metrics[0].reason, HasSubstr("and cpu is the same"));
  EXPECT_EQ(settled.verdict, Verdict::kSame);

  EXPECT_EQ(noisy_throughput(0.25, 0, 0).verdict, Verdict::kInconclusive) << "it may be 5 %";
  EXPECT_EQ(noisy_throughput(0.05, -0.015, 0).verdict, Verdict::kInconclusive) << "one is seen";
  EXPECT_EQ(noisy_throughput(0.15, 0, 0.0195).metrics[0].verdict, Verdict::kInconclusive)
      << "the witness does not know either";
  EXPECT_EQ(noisy_throughput(0.15, 0, 0.05).verdict, Verdict::kWorse);
  EXPECT_EQ(noisy_throughput(0.01, -0.05, 0).verdict, Verdict::kWorse);
}

}  // namespace
}  // namespace tunrelay
