// SPDX-License-Identifier: MIT
// What trials of the generator say to a search, and what a search leaves in a result.
#include "suite/rate_search_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "result/result_json.hpp"

namespace tunrelay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kTrialNs = kNanosecondsPerSecond;

/// All of LOAD was sent, and CARRIED messages of it arrived.
TrialReport report_of(std::uint64_t load_per_s, std::uint64_t carried) {
  TrialReport report;
  report.directions[0].sent.messages = load_per_s;
  report.directions[0].sent.slip.record(1'000, load_per_s);
  report.directions[0].received.sequence.received = std::min(carried, load_per_s);
  return report;
}

SearchTrial judged(const TrialReport& report) {
  return search_trial_of({100'000, kTrialNs}, report);
}

TEST(SearchTrialTest, LossIsOfAllThatWasMeantToArrive) {
  EXPECT_EQ(judged(report_of(100'000, 100'000)).loss_ratio, 0);
  EXPECT_NEAR(judged(report_of(100'000, 99'000)).loss_ratio, 0.01, 1e-12);
  TrialReport refused = report_of(99'950, 99'950);
  refused.directions[0].sent.failed = 50;
  EXPECT_NEAR(judged(refused).loss_ratio, 0.0005, 1e-12);
  EXPECT_FALSE(judged(refused).is_invalid());
}

TEST(SearchTrialTest, ASenderThatFellBackSaysNothingOfTheLink) {
  TrialReport report = report_of(100'000, 100'000);
  report.directions[0].sent.last_slip_ns = kTrialNs;
  EXPECT_THAT(judged(report).invalid_reason, HasSubstr("fell back"));
  EXPECT_DOUBLE_EQ(judged(report).sent_per_s, 50'000);
}

TEST(SearchTrialTest, ABurstThatGotThroughCountsAndOneThatDidNotIsVoid) {
  TrialReport report = report_of(100'000, 100'000);
  report.directions[0].sent.slip.record(kTrialNs / 20, 5'000);
  EXPECT_EQ(judged(report).invalid_reason, "");
  report.directions[0].received.sequence.received -= 1;
  EXPECT_THAT(judged(report).invalid_reason, HasSubstr("bursts"));
  EXPECT_NEAR(judged(report).sent_per_s, 100'000, 1);
}

TEST(SearchTrialTest, AnInvalidTrialStaysInvalid) {
  TrialReport report = report_of(100'000, 100'000);
  report.invalid_reason = "the path was not proven before it";
  EXPECT_EQ(judged(report).invalid_reason, report.invalid_reason);
}

/// Searches on links of these rates; what came of it, read back from its file's form.
Result searched_result(const std::vector<double>& rates, std::size_t stop_after = 1'000) {
  std::vector<SearchedPath> paths;
  std::size_t trials = 0;
  for (const double rate : rates)
    paths.push_back({.name = paths.empty() ? kSubject : kControl,
                     .run_trial =
                         [rate, &trials](const LoadSpec& spec, const std::string& /*name*/) {
                           ++trials;
                           PathTrial trial;
                           trial.trial = report_of(static_cast<std::uint64_t>(spec.messages_per_s),
                                                   static_cast<std::uint64_t>(rate));
                           return trial;
                         },
                     .most_per_s = 500'000});
  RateSearchTask task;
  task.load.name = "udp_64";
  task.plan.goals = {ndr_goal(kTrialNs)};
  task.now_s = [&] { return static_cast<double>(trials); };
  task.is_stopped = [&] { return trials >= stop_after; };
  task.on_trial = [](std::size_t /*trials*/, const std::string& /*what*/) {};
  Result result;
  const bool is_done = run_rate_search(paths, task, result);
  EXPECT_EQ(is_done, trials < stop_after);
  return result_from_text(result_text(result));
}

TEST(RateSearchRunTest, LeavesTheRateTheBoundsAndTheTrialsOfEachLink) {
  const Result result = searched_result({100'000, 200'000});
  EXPECT_THAT(result.notes, ElementsAre());
  const Metric& ndr = *result.find_metric("udp_64/ndr");
  EXPECT_EQ(ndr.better, Better::kHigher);
  EXPECT_NEAR(valid_values(ndr, kSubject).at(0), 100'000, 500);
  EXPECT_NEAR(valid_values(ndr, kControl).at(0), 200'000, 1'000);
  for (const char* path : {kSubject, kControl}) {
    const double lower = valid_values(*result.find_metric("udp_64/ndr_lower"), path).at(0);
    const double upper = valid_values(*result.find_metric("udp_64/ndr_upper"), path).at(0);
    EXPECT_LT(lower, upper);
    EXPECT_GE(lower, upper * 0.995);
    const auto loads = valid_values(*result.find_metric("udp_64/search_load"), path);
    EXPECT_EQ(loads.front(), 500'000);
    EXPECT_EQ(loads.size(), valid_values(*result.find_metric("udp_64/search_loss"), path).size());
  }
}

TEST(RateSearchRunTest, ARateAboveWhatIsSentIsReportedAsSuch) {
  const Result result = searched_result({1e9});
  EXPECT_EQ(valid_values(*result.find_metric("udp_64/ndr"), kSubject).at(0), 500'000);
  EXPECT_EQ(result.find_metric("udp_64/ndr_upper"), nullptr);
  EXPECT_THAT(result.notes, Contains(HasSubstr("that or above")));
}

TEST(RateSearchRunTest, ALinkThatCarriesNothingHasNoRate) {
  const Result result = searched_result({0});
  const Metric& ndr = *result.find_metric("udp_64/ndr");
  EXPECT_TRUE(valid_values(ndr, kSubject).empty());
  EXPECT_THAT(ndr.samples.at(0).invalid_reason, HasSubstr("not carried"));
}

TEST(RateSearchRunTest, WhatWasFoundBeforeAStopIsKept) {
  const Result result = searched_result({100'000}, 3);
  EXPECT_THAT(result.notes, Contains(HasSubstr("left before its end")));
  EXPECT_EQ(result.find_metric("udp_64/search_load")->samples.size(), 3U);
}

}  // namespace
}  // namespace tunrelay
