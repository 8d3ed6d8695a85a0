// SPDX-License-Identifier: MIT
// Several results as one: nothing is lost, nothing is mixed up.
#include "report/joined_result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "result/result_json.hpp"
#include "support/random.hpp"
#include "support/sample_results.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

TEST(JoinedResultTest, OneAloneStaysAsItIs) {
  const Result result = test::full_result();
  EXPECT_EQ(result_text(joined_result(std::vector{result})), result_text(result));
}

TEST(JoinedResultTest, RunsOfOneSuiteBecomeRounds) {
  Result first = test::full_result(1);
  Result second = test::full_result(2);
  second.started_utc = "2026-11-23T20:41:05Z";
  const Result joined = joined_result(std::vector{first, second});
  EXPECT_EQ(joined.suite, "throughput");
  ASSERT_EQ(joined.metrics.size(), first.metrics.size());
  const Metric& metric = joined.metrics[0];
  ASSERT_EQ(metric.samples.size(), 40U);
  EXPECT_EQ(metric.samples[20].round, 10U) << "behind the ten rounds of the first";
  EXPECT_EQ(metric.samples[20].path, kSubject);
  EXPECT_EQ(metric.samples[21].round, 10U) << "the control stays beside it";
  EXPECT_EQ(metric.samples[20].at_s, 600);
  ASSERT_EQ(joined.distributions.size(), first.distributions.size());
  EXPECT_EQ(joined.distributions[0].histogram.count(),
            first.distributions[0].histogram.count() + second.distributions[0].histogram.count());
  EXPECT_EQ(joined.series.size(), 4U);
  EXPECT_EQ(joined.series[2].name, "tcp_1_flow/throughput (throughput, run 2)");
  EXPECT_EQ(joined.asked["throughput, run 2"], second.asked);
  EXPECT_EQ(joined.notes.size(), 2U) << "each note once";
}

TEST(JoinedResultTest, OtherSuitesStandBesideEachOther) {
  Result latency;
  latency.suite = "latency";
  latency.complete = false;
  latency.environment = {{"kernel", "6.1"}};
  latency.metric("idle/round_trip_p50", "bits_per_s", Better::kHigher).samples.push_back({});
  const Result joined = joined_result(std::vector{test::full_result(), latency});
  EXPECT_EQ(joined.suite, "throughput + latency");
  EXPECT_FALSE(joined.complete);
  ASSERT_NE(joined.find_metric("idle/round_trip_p50 in bits_per_s"), nullptr)
      << "values of another unit are not samples of the same metric";
  EXPECT_THAT(joined.notes, ::testing::Contains(HasSubstr("with different kernels")));
}

TEST(JoinedResultTest, EverySampleOfRandomResultsIsKept) {
  test::SeededRandom random;
  for (int round = 0; round < 50; ++round) {
    std::vector<Result> results;
    std::size_t samples = 0;
    std::uint64_t latencies = 0;
    for (std::uint64_t count = random.between(1, 4); count != 0; --count) {
      results.push_back(test::random_result(random));
      for (const Metric& metric : results.back().metrics) samples += metric.samples.size();
      for (const Distribution& one : results.back().distributions)
        latencies += one.histogram.count();
    }
    const Result joined = joined_result(results);
    for (const Metric& metric : joined.metrics) samples -= metric.samples.size();
    for (const Distribution& one : joined.distributions) latencies -= one.histogram.count();
    EXPECT_EQ(samples, 0U);
    EXPECT_EQ(latencies, 0U);
  }
}

}  // namespace
}  // namespace tunrelay
