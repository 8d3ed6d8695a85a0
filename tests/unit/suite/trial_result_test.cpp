// SPDX-License-Identifier: MIT
// A trial's report as samples of a result: names, units, invalid trials.
#include "suite/trial_result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tunrelay {
namespace {

TrialReport udp_report() {
  TrialReport report;
  report.spec.duration_ns = 2 * kNanosecondsPerSecond;
  DirectionReport& forward = report.directions[0];
  forward.sent.messages = 1000;
  forward.received.sequence.received = 990;
  forward.received.window_messages = 990;
  forward.received.window_bytes = 99'000;
  forward.received.window_ns = report.spec.duration_ns;
  for (int at = 0; at < 990; ++at) forward.received.delay.record(50'000);
  return report;
}

double only_value(const Result& result, std::string_view name) {
  const Metric* metric = result.find_metric(name);
  if (metric == nullptr || metric->samples.size() != 1) return -1;
  return metric->samples.front().value;
}

TEST(TrialResultTest, HasRatesLossAndDelays) {
  Result result;
  add_trial(result, {.load = "udp", .path = kSubject, .round = 3, .at_s = 1}, udp_report());
  EXPECT_DOUBLE_EQ(only_value(result, "udp/throughput"), 99'000 * 8 / 2.0);
  EXPECT_DOUBLE_EQ(only_value(result, "udp/messages"), 495);
  EXPECT_DOUBLE_EQ(only_value(result, "udp/loss"), 0.01);
  EXPECT_NEAR(only_value(result, "udp/one_way_p50"), 50'000, 50);
  ASSERT_EQ(result.distributions.size(), 1U);
  EXPECT_EQ(result.distributions.front().name, "udp/one_way");
  EXPECT_EQ(result.distributions.front().histogram.count(), 990U);
}

TEST(TrialResultTest, TrialsOfOneLinkShareADistribution) {
  Result result;
  for (std::uint32_t round = 0; round < 3; ++round)
    add_trial(result, {.load = "udp", .path = kSubject, .round = round, .at_s = 5.0 * round},
              udp_report());
  add_trial(result, {.load = "udp", .path = kControl, .round = 0, .at_s = 20}, udp_report());
  ASSERT_EQ(result.distributions.size(), 2U);
  EXPECT_EQ(result.distributions.front().histogram.count(), 3 * 990U);
  EXPECT_DOUBLE_EQ(result.distributions.front().interval_s, 12);
}

TEST(TrialResultTest, AnInvalidTrialGivesInvalidSamplesAndNoLatencies) {
  TrialReport report = udp_report();
  report.invalid_reason = "it did not cross";
  Result result;
  add_trial(result, {.load = "udp", .path = kSubject, .round = 0, .at_s = 0}, report);
  for (const Metric& metric : result.metrics) EXPECT_FALSE(counts(metric.samples.at(0)));
  EXPECT_TRUE(result.distributions.empty());
}

TEST(TrialResultTest, TheWayBackHasANameOfItsOwn) {
  TrialReport report = udp_report();
  report.spec.direction = LoadDirection::kBoth;
  report.directions[1] = report.directions[0];
  Result result;
  add_trial(result, {.load = "udp", .path = kSubject, .round = 0, .at_s = 0}, report);
  EXPECT_DOUBLE_EQ(only_value(result, "udp/reverse_messages"), 495);
}

}  // namespace
}  // namespace tunrelay
