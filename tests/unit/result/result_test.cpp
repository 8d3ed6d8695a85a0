// SPDX-License-Identifier: MIT
// The model of a result: which samples count, how links are paired and given as ratios.
#include "result/result.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/utc.hpp"
#include "metrics/percentiles.hpp"
#include "result/test_path_summary.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Sample sample_of(const char* path, std::uint32_t round, double value,
                 const char* invalid_reason = "") {
  return {
      .path = path, .round = round, .value = value, .at_s = 0, .invalid_reason = invalid_reason};
}

TEST(ResultTest, ValuesComeInTheOrderOfRoundsAndOnlyThoseThatCount) {
  Metric metric;
  metric.samples = {sample_of(kSubject, 2, 30),
                    sample_of(kControl, 0, 1),
                    sample_of(kSubject, 0, 10),
                    sample_of(kSubject, 1, 20, "did not cross"),
                    sample_of(kSubject, 3, std::numeric_limits<double>::infinity()),
                    sample_of(kSubject, 4, std::nan("")),
                    sample_of(kSubject, 0, 11)};
  EXPECT_THAT(valid_values(metric, kSubject), ElementsAre(10, 11, 30));
  EXPECT_THAT(valid_values(metric, kControl), ElementsAre(1));
  EXPECT_THAT(valid_values(metric, kBase), IsEmpty());
  EXPECT_THAT(paths_of(metric), ElementsAre(kSubject, kControl));
}

TEST(ResultTest, AMetricIsAddedOnce) {
  Result result;
  result.metric("a", "ns", Better::kLower).samples.push_back(sample_of(kSubject, 0, 1));
  result.metric("b", "ns", Better::kLower);
  EXPECT_EQ(result.metric("a", "ns", Better::kLower).samples.size(), 1U);
  EXPECT_EQ(result.metrics.size(), 2U);
  ASSERT_NE(result.find_metric("b"), nullptr);
  EXPECT_EQ(result.find_metric("b")->name, "b");
  EXPECT_EQ(result.find_metric("c"), nullptr);
}

TEST(LinkSummaryTest, MedianAgainstASortedCopy) {
  SeededRandom random;
  EXPECT_TRUE(std::isnan(median_of({})));
  for (std::size_t round = scaled(500); round != 0; --round) {
    std::vector<double> values(random.between(1, 20));
    for (double& value : values) value = static_cast<double>(random.between(0, 9));
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    const double expected =
        sorted.size() % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    ASSERT_EQ(median_of(values), expected);
  }
  EXPECT_EQ(median_of({1.5e308, 1.7e308}), 1.6e308) << "the sum is too large";
}

TEST(LinkSummaryTest, RatiosAreOfOneRound) {
  Metric metric;
  metric.samples = {
      sample_of(kSubject, 0, 10),        sample_of(kControl, 0, 20), sample_of(kSubject, 1, 30),
      sample_of(kControl, 1, 30),        sample_of(kSubject, 2, 5),  // no control
      sample_of(kSubject, 3, 7),         sample_of(kControl, 3, 0),  sample_of(kSubject, 4, 9),
      sample_of(kControl, 4, 3, "void"), sample_of(kSubject, 5, 1),  sample_of(kSubject, 5, 3),
      sample_of(kControl, 5, 1)};
  EXPECT_THAT(paired_ratios(metric, kSubject, kControl), ElementsAre(0.5, 1, 2));
  const std::vector<TestPathSummary> paths = summarise(metric);
  ASSERT_EQ(paths.size(), 2U);
  EXPECT_EQ(paths[0].path, kSubject);
  EXPECT_EQ(paths[0].valid, 7U);
  EXPECT_EQ(paths[0].invalid, 0U);
  EXPECT_EQ(paths[0].median, 7);
  EXPECT_EQ(paths[0].lowest, 1);
  EXPECT_EQ(paths[0].highest, 30);
  EXPECT_EQ(paths[0].ratio, 1);
  EXPECT_EQ(paths[1].valid, 4U);
  EXPECT_EQ(paths[1].invalid, 1U);
  EXPECT_TRUE(std::isnan(paths[1].ratio)) << "the control to itself";
}

TEST(LinkSummaryTest, TheControlIsTheReferenceBeforeTheBase) {
  Metric metric;
  EXPECT_EQ(reference_path(metric), "");
  metric.samples = {sample_of(kBase, 0, 1), sample_of(kHead, 0, 2)};
  EXPECT_EQ(reference_path(metric), kBase);
  EXPECT_EQ(summarise(metric)[1].ratio, 2);
  metric.samples.push_back(sample_of(kControl, 0, 4));
  EXPECT_EQ(reference_path(metric), kControl);
}

TEST(LinkSummaryTest, ALinkOfInvalidSamplesHasNoFigures) {
  Metric metric;
  metric.samples = {sample_of(kSubject, 0, 1, "void")};
  const std::vector<TestPathSummary> paths = summarise(metric);
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths[0].valid, 0U);
  EXPECT_EQ(paths[0].invalid, 1U);
  EXPECT_TRUE(std::isnan(paths[0].median) && std::isnan(paths[0].lowest));
}

TEST(PercentilesTest, RowsCountWhatIsNotAbove) {
  Histogram histogram;
  EXPECT_THAT(percentile_rows(histogram), IsEmpty());
  for (int value = 1; value <= 1000; ++value) histogram.record(value);
  const std::vector<PercentileRow> rows = percentile_rows(histogram);
  ASSERT_EQ(rows.size(), std::size(kShownPercentiles));
  for (const PercentileRow& row : rows) {
    EXPECT_EQ(row.count_up_to, static_cast<std::uint64_t>(row.value_ns)) << row.percentile;
    EXPECT_GE(static_cast<double>(row.count_up_to), 10 * row.percentile);
  }
  EXPECT_EQ(rows.front().value_ns, 1);
  EXPECT_EQ(rows.back().value_ns, 1000);
}

TEST(UtcTest, WritesAndReadsWhatAClockSays) {
  EXPECT_EQ(format_utc(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_utc(951827696), "2000-02-29T12:34:56Z");
  EXPECT_EQ(parse_utc("2000-02-29T12:34:56Z"), 951827696);
  EXPECT_NEAR(parse_utc(utc_now()), static_cast<double>(std::time(nullptr)), 2);
  for (const char* wrong : {"", "now", "2000-02-29", "2000-02-29T12:34:56", "2001-02-29T12:34:56Z",
                            "2000-02-29T12:34:60Z", "2000-2-29T12:34:56Z", " 2000-02-29T12:34:56Z",
                            "2000-02-29T12:34:56Z "})
    EXPECT_TRUE(std::isnan(parse_utc(wrong))) << wrong;
}

}  // namespace
}  // namespace tunrelay::test
