// SPDX-License-Identifier: MIT
// Merged results: nothing is lost or counted twice, in whatever order they come.
#include "analysis/merged_result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "analysis/machine_spread.hpp"
#include "base/error.hpp"
#include "result/origin.hpp"
#include "result/result_json.hpp"
#include "support/random.hpp"
#include "support/sample_results.hpp"

namespace tunrelay {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result merged_of(const std::vector<Result>& results) {
  ResultMerger merger;
  for (const Result& result : results) merger.add({.result = result, .source = result.title});
  return merger.take();
}

/// A run on MACHINE: the same in all that is asked.
Result run_on(const std::string& machine, std::uint64_t seed) {
  Result result = test::full_result(seed);
  result.title = machine;
  name_machine(result, machine);
  result.environment["kernel"] = "6.12." + std::to_string(seed % 2);
  result.started_utc = "2026-11-23T20:31:0" + std::to_string(seed % 10) + "Z";
  return result;
}

TEST(MergedResultTest, TenResultsAreTheHistogramOfAllSamples) {
  test::SeededRandom random;
  std::vector<Result> results;
  Histogram all;
  for (int run = 0; run < 10; ++run) {
    Result result = run_on("node-" + std::to_string(run), static_cast<std::uint64_t>(run));
    result.distributions.resize(1);
    result.distributions[0].histogram.clear();
    for (std::uint64_t left = random.between(0, 5000); left != 0; --left) {
      const auto value = static_cast<std::int64_t>(random.generator()() >> random.between(24, 60));
      result.distributions[0].histogram.record(value);
      all.record(value);
    }
    results.push_back(std::move(result));
  }
  const Result merged = merged_of(results);
  ASSERT_EQ(merged.distributions.size(), 1U);
  EXPECT_EQ(merged.distributions[0].histogram, all);
  EXPECT_EQ(merged.distributions[0].histogram.count(), all.count());
  EXPECT_EQ(merged.distributions[0].interval_s, 100);
  // Through a file too.
  EXPECT_EQ(result_from_text(result_text(merged)).distributions[0].histogram, all);
}

TEST(MergedResultTest, OrderDoesNotMatter) {
  test::SeededRandom random;
  for (int round = 0; round < 20; ++round) {
    std::vector<Result> results;
    for (std::uint64_t run = random.between(1, 6); run != 0; --run) {
      results.push_back(test::random_result(random));
      results.back().seed = run;  // no two of them alike
    }
    const std::string text = result_text(merged_of(results));
    std::shuffle(results.begin(), results.end(), random.generator());
    EXPECT_EQ(result_text(merged_of(results)), text);
  }
}

TEST(MergedResultTest, EachSampleKeepsItsRunAndItsPair) {
  const std::vector<Result> results{run_on("b", 2), run_on("a", 1)};
  const Result merged = merged_of(results);
  ASSERT_EQ(merged.origins.size(), 2U);
  EXPECT_EQ(merged.origins[0].machine, "a") << "in the order of time";
  EXPECT_EQ(merged.origins[1].first_round, 10U);
  const std::vector<Result> runs = runs_of(merged);
  for (const auto& [run, result] :
       {std::pair{&runs[0], &results[1]}, std::pair{&runs[1], &results[0]}}) {
    EXPECT_EQ(run->environment, result->environment);
    EXPECT_EQ(run->asked, result->asked);
    EXPECT_EQ(run->floor, result->floor);
    ASSERT_EQ(run->metrics.size(), result->metrics.size());
    for (std::size_t at = 0; at < run->metrics.size(); ++at) {
      ASSERT_EQ(run->metrics[at].samples.size(), result->metrics[at].samples.size());
      for (std::size_t sample = 0; sample < run->metrics[at].samples.size(); ++sample) {
        EXPECT_EQ(run->metrics[at].samples[sample].round,
                  result->metrics[at].samples[sample].round);
        EXPECT_EQ(run->metrics[at].samples[sample].path, result->metrics[at].samples[sample].path);
      }
    }
  }
}

TEST(MergedResultTest, WhatRunsHaveAlikeStandsOnce) {
  const Result merged = merged_of({run_on("a", 1), run_on("b", 2)});
  EXPECT_EQ(merged.environment.at("processor"), "AMD EPYC");
  EXPECT_FALSE(merged.environment.contains("kernel"));
  EXPECT_FALSE(merged.environment.contains("machine_id"));
  EXPECT_EQ(merged.origins[0].environment.at("kernel"), "6.12.1");
  EXPECT_FALSE(merged.origins[0].environment.contains("processor"));
  EXPECT_EQ(merged.title, "") << "titles differ";
  EXPECT_EQ(merged.series.size(), 4U) << "each by its run's name";
  EXPECT_THAT(merged.series[0].name, HasSubstr("(a, "));
}

TEST(MergedResultTest, MergedResultsMergeToTheSame) {
  const Result a = run_on("a", 1);
  const Result b = run_on("b", 2);
  const Result c = run_on("c", 3);
  const std::string text = result_text(merged_of({a, b, c}));
  EXPECT_EQ(result_text(merged_of({merged_of({c, a}), b})), text);
  EXPECT_EQ(result_text(merged_of({b, result_from_text(result_text(merged_of({a, c})))})), text);
}

TEST(MergedResultTest, ARunThatIsThereIsRefused) {
  const Result a = run_on("a", 1);
  const Result b = run_on("b", 2);
  EXPECT_THROW((void)merged_of({a, b, a}), Error);
  EXPECT_THROW((void)merged_of({merged_of({a, b}), a}), Error);
  try {
    (void)merged_of({a, a});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    EXPECT_EQ(error.parts().object, "a and a");
  }
}

TEST(MergedResultTest, OtherConfigurationsAreNamedOtherMachinesAreNot) {
  ResultMerger merger;
  EXPECT_THAT(merger.differences({run_on("a", 1), "a.json"}), IsEmpty());
  merger.add({run_on("a", 1), "a.json"});
  Result other = run_on("b", 2);
  EXPECT_THAT(merger.differences({other, "b.json"}), IsEmpty()) << "another kernel, another seed";
  other.asked["duration_ns"] = 5;
  other.environment["commit"] = "0000000";
  const std::vector<std::string> differences = merger.differences({other, "b.json"});
  EXPECT_THAT(differences,
              Contains(HasSubstr("asked/duration_ns is missing in a.json and 5 in b.json")));
  EXPECT_THAT(differences, Contains(HasSubstr("environment/commit is 285829c in a.json")));
}

TEST(MachineSpreadTest, NamesTheMachinesThatLieApart) {
  const auto machine = [](const std::string& name, std::vector<double> values) {
    Result result;
    result.suite = "gen";
    name_machine(result, name);
    Metric& metric = result.metric("rate", "packets_per_s", Better::kHigher);
    for (std::uint32_t round = 0; round < values.size(); ++round)
      metric.samples.push_back({.round = round, .value = values[round], .invalid_reason = {}});
    return result;
  };
  const Result merged = merged_of({machine("slow", {79, 80, 81}), machine("mid", {99, 100, 101}),
                                   machine("fast", {109, 110, 111})});
  const std::vector<MachineSpread> spreads = machine_spreads(merged);
  ASSERT_EQ(spreads.size(), 1U);
  EXPECT_EQ(spreads[0].machines, 3U);
  EXPECT_EQ(spreads[0].median, 100);
  EXPECT_EQ(spreads[0].lowest, 80);
  EXPECT_EQ(spreads[0].lowest_machine, "slow");
  EXPECT_EQ(spreads[0].highest_machine, "fast");
  EXPECT_NEAR(spreads[0].between, 0.148, 0.001) << "1.4826 times the median of 20, 0, 10";
  EXPECT_NEAR(spreads[0].within, 0.0148, 0.0001);
  EXPECT_THAT(machine_spreads(machine("alone", {1, 2})), IsEmpty());
}

TEST(MachineSpreadTest, RunsOfOneMachineStandTogether) {
  Result second = run_on("a", 3);
  const Result merged = merged_of({run_on("a", 1), run_on("b", 2), second});
  const std::vector<MachineResult> machines = split_by_machine(merged);
  ASSERT_EQ(machines.size(), 2U);
  EXPECT_EQ(machines[0].machine, "a");
  EXPECT_EQ(machines[0].result.started_utc, "2026-11-23T20:31:01Z");
  EXPECT_EQ(machines[0].result.metrics[0].samples.size(), 40U);
  EXPECT_EQ(machines[1].result.metrics[0].samples.size(), 20U);
}

}  // namespace
}  // namespace tunrelay
