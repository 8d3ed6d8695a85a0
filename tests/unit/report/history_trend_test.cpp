// SPDX-License-Identifier: MIT
// Trends of a history file: which rows belong together, and what is reported of their changes.
#include "report/history_trend.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/random.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

HistoryRow history_row(std::size_t run, const char* metric, double median) {
  return {.time = fmt::format("2026-11-{:02}T10:00:00Z", run + 1),
          .commit = fmt::format("commit{:02}", run),
          .suite = "throughput",
          .title = "",
          .metric = metric,
          .unit = "packets_per_s",
          .better = Better::kHigher,
          .path = kSubject,
          .rounds = 10,
          .median = median,
          .lowest = median,
          .highest = median,
          .ratio_to_control = std::nan(""),
          .machine_id = "m1",
          .kernel = "6.18"};
}

/// COUNT runs, a tenth less from the run CHANGED on, within half a percent.
std::vector<HistoryRow> history_of(test::SeededRandom& random, std::size_t count,
                                   std::size_t changed) {
  std::uniform_real_distribution<double> spread(0.995, 1.005);
  std::vector<HistoryRow> rows;
  for (std::size_t run = 0; run < count; ++run)
    rows.push_back(
        history_row(run, "udp_64", (run < changed ? 200e3 : 180e3) * spread(random.generator())));
  return rows;
}

TEST(HistoryTrendTest, NamesTheCommitThatMadeItWorse) {
  test::SeededRandom random;
  const std::vector<HistoryRow> rows = history_of(random, 20, 12);
  const std::vector<MetricTrend> trends = history_trends(rows);
  ASSERT_EQ(trends.size(), 1U);
  ASSERT_EQ(trends[0].trend.changes.size(), 1U);
  const TrendChange& change = trends[0].trend.changes[0];
  EXPECT_EQ(change.commit, "commit12");
  EXPECT_EQ(change.last_before, "commit11");
  EXPECT_NEAR(change.change, -0.1, 0.01);
  EXPECT_EQ(change.verdict, Verdict::kWorse);
  EXPECT_THAT(trend_text(trends), HasSubstr("commit12"));
  EXPECT_THAT(trend_markdown(trends), HasSubstr("| commit12 |"));
  const nlohmann::ordered_json json = trend_json(trends);
  EXPECT_EQ(json["trends"][0]["changes"][0]["after_commit"], "commit11");
  EXPECT_EQ(json["trends"][0]["changes"][0]["verdict"], "worse");
  EXPECT_TRUE(got_worse_lately(trends, 8));
  EXPECT_FALSE(got_worse_lately(trends, 7));
  EXPECT_FALSE(got_worse_lately(trends, 0));
}

TEST(HistoryTrendTest, TheOrderOfTheFileDoesNotMatter) {
  test::SeededRandom random;
  std::vector<HistoryRow> rows = history_of(random, 20, 12);
  const std::string before = trend_json(history_trends(rows)).dump();
  std::shuffle(rows.begin(), rows.end(), random.generator());
  EXPECT_EQ(trend_json(history_trends(rows)).dump(), before);
}

TEST(HistoryTrendTest, RunsOfOneCommitAreOnePoint) {
  std::vector<HistoryRow> rows;
  for (std::size_t run = 0; run < 9; ++run) {
    rows.push_back(history_row(run, "a", 100 + static_cast<double>(run)));
    rows.back().commit = fmt::format("commit{}", run / 3);
  }
  const std::vector<MetricTrend> trends = history_trends(rows);
  ASSERT_EQ(trends[0].points.size(), 3U);
  EXPECT_THAT(trends[0].points[1].values, ::testing::ElementsAre(103, 104, 105));
}

TEST(HistoryTrendTest, RunsWithoutACommitAreEachAPoint) {
  std::vector<HistoryRow> rows;
  for (std::size_t run = 0; run < 4; ++run) {
    rows.push_back(history_row(run, "a", 100));
    rows.back().commit.clear();
  }
  EXPECT_EQ(history_trends(rows)[0].points.size(), 4U);
}

TEST(HistoryTrendTest, MachinesAreKeptApartUnlessRatiosAreJudged) {
  std::vector<HistoryRow> rows;
  for (std::size_t run = 0; run < 12; ++run) {
    rows.push_back(history_row(run, "a", run < 6 ? 100 : 300));
    rows.back().machine_id = run < 6 ? "m1" : "m2";
    rows.back().ratio_to_control = 0.5;
  }
  const std::vector<MetricTrend> apart = history_trends(rows);
  ASSERT_EQ(apart.size(), 2U);
  for (const MetricTrend& one : apart) EXPECT_TRUE(one.trend.changes.empty());
  const std::vector<MetricTrend> ratios =
      history_trends(rows, {.metric = "", .path = "", .ratio_to_control = true});
  ASSERT_EQ(ratios.size(), 1U);
  EXPECT_EQ(ratios[0].unit, "ratio");
  EXPECT_EQ(ratios[0].trend.used, 12U);
  EXPECT_TRUE(ratios[0].trend.changes.empty());
}

TEST(HistoryTrendTest, ChoosesMetricsAndLinks) {
  std::vector<HistoryRow> rows{history_row(0, "udp_64", 1), history_row(0, "tcp", 1),
                               history_row(0, "tcp", 1)};
  rows[2].path = kControl;
  EXPECT_EQ(history_trends(rows).size(), 2U) << "the control is what others are measured against";
  EXPECT_EQ(history_trends(rows, {.metric = "tc", .path = "", .ratio_to_control = false}).size(),
            1U);
  const auto controls =
      history_trends(rows, {.metric = "", .path = kControl, .ratio_to_control = false});
  ASSERT_EQ(controls.size(), 1U);
  EXPECT_EQ(controls[0].path, kControl);
}

TEST(HistoryTrendTest, SaysWhenThereAreTooFewPoints) {
  const std::vector<HistoryRow> rows{history_row(0, "udp_64", 1), history_row(1, "udp_64", 2)};
  const std::string text = trend_text(history_trends(rows));
  EXPECT_THAT(text, HasSubstr("2 points are too few, 6 are needed: udp_64"));
  EXPECT_THAT(text, Not(HasSubstr("no change")));
}

}  // namespace
}  // namespace tunrelay
