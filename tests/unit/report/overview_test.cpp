// SPDX-License-Identifier: MIT
// The first screen of a page: which figures stand there, and what everything is called.
#include "report/overview.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "report/metric_titles.hpp"
#include "report/tables.hpp"
#include "support/sample_results.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// One round of a suite beside veth.
Result bench_result() {
  Result result;
  result.suite = "throughput";
  result.asked = {{"suite", "throughput"}, {"control", "veth"}};
  return result;
}

void add_round(Result& result, const std::string& metric, Better better, double subject,
               double control) {
  auto& samples = result.metric(metric, "messages_per_s", better).samples;
  samples.push_back({.path = kSubject, .value = subject, .invalid_reason = {}});
  samples.push_back({.path = kControl, .value = control, .invalid_reason = {}});
}

std::vector<std::string> names_of(const std::vector<const Metric*>& metrics) {
  std::vector<std::string> names;
  for (const Metric* metric : metrics) names.push_back(metric->name);
  return names;
}

TEST(MetricTitlesTest, AreForPeople) {
  EXPECT_EQ(metric_title("tcp_1_flow/throughput"), "TCP, 1 flow: throughput");
  EXPECT_EQ(metric_title("tcp_1_flow_reverse/reverse_one_way_p99"),
            "TCP, 1 flow, reverse: one-way delay, p99");
  EXPECT_EQ(metric_title("reverse_throughput"), "throughput, reverse");
  EXPECT_EQ(metric_title("udp_1518/link_dropped"),
            "UDP, frames of 1518 bytes: dropped on the path");
  EXPECT_EQ(metric_title("load_50/one_way_back_p50"), "50 % load: one-way delay back, p50");
  EXPECT_EQ(metric_title("round_trip_p50"), "round trip, p50");
  EXPECT_EQ(metric_title("my_suite/some_pages"), "my suite: some pages");
  EXPECT_EQ(metric_title("a/b/c_p9x"), "a/b: c p9x");
  EXPECT_EQ(metric_title(""), "");
}

TEST(MetricTitlesTest, AControlHasItsName) {
  Result result = bench_result();
  EXPECT_EQ(path_title(result, kSubject), "tunrelay");
  EXPECT_EQ(path_title(result, kControl), "veth");
  result.asked = {{"throughput", {{"control", "lo"}}}, {"latency", {{"control", "lo"}}}};
  EXPECT_EQ(path_title(result, kControl), "lo") << "of joined results";
  result.asked["latency"]["control"] = "veth";
  EXPECT_EQ(path_title(result, kControl), "control") << "which differ";
  result.asked = nullptr;
  EXPECT_EQ(path_title(result, kSubject), "subject");
}

TEST(OverviewTest, EachLoadHasOneHeadline) {
  Result result = bench_result();
  add_round(result, "tcp_1_flow/corrupt", Better::kNeither, 0, 0);
  add_round(result, "tcp_1_flow/throughput", Better::kHigher, 20, 40);
  add_round(result, "udp_64/throughput", Better::kHigher, 20, 40);
  add_round(result, "udp_64/messages", Better::kHigher, 20, 40);
  add_round(result, "load_50/throughput", Better::kHigher, 20, 40);
  add_round(result, "load_50/one_way_p50", Better::kLower, 20, 40);
  add_round(result, "theirs/explains", Better::kNeither, 20, 40);
  add_round(result, "theirs/pages", Better::kHigher, 20, 40);
  EXPECT_THAT(names_of(headlines(result)), ElementsAre("tcp_1_flow/throughput", "udp_64/messages",
                                                       "load_50/one_way_p50", "theirs/pages"));
}

TEST(OverviewTest, AGeneratorsResultHasSeveral) {
  Result result;
  for (const char* name : {"messages", "throughput", "reverse_throughput", "loss", "one_way_p50"})
    result.metric(name, "ratio", Better::kLower)
        .samples.push_back({.value = 1, .invalid_reason = {}});
  EXPECT_THAT(names_of(headlines(result)),
              ElementsAre("throughput", "reverse_throughput", "one_way_p50", "loss"));
  EXPECT_THAT(headline_bars(result), IsEmpty()) << "there is nothing beside it";
}

TEST(OverviewTest, SaysWhetherTheRatioIsBetterOrWorse) {
  Result result = bench_result();
  add_round(result, "tcp_1_flow/throughput", Better::kHigher, 20, 40);
  add_round(result, "load_50/one_way_p50", Better::kLower, 20, 40);
  const std::string cards = headline_cards(result);
  EXPECT_THAT(cards, HasSubstr("<span class=\"verdict worse\">! 0.500 x</span> veth: 40"));
  EXPECT_THAT(cards, HasSubstr("<span class=\"verdict better\">+ 0.500 x</span> veth: 40"));
  const std::string bars = headline_bars(result);
  EXPECT_THAT(bars, HasSubstr("style=\"width:50.0%\"></i><span>tunrelay <b>20"));
  EXPECT_THAT(bars, HasSubstr("style=\"width:100.0%\"></i><span>veth <b>40"));
  EXPECT_THAT(bars, HasSubstr("one-way delay, p50, less is better"));
}

TEST(OverviewTest, SaysWhatWasTested) {
  Result result = bench_result();
  add_round(result, "tcp_1_flow/throughput", Better::kHigher, 20, 40);
  EXPECT_EQ(tested_in_words(result),
            "TCP, 1 flow. tunrelay and the kernel's veth pair take turns. One round.");
  EXPECT_THAT(tested_in_words(full_result()),
              HasSubstr("TCP, 1 flow; UDP, frames of 64 bytes; idle. Figures are medians of 10 "
                        "rounds."));
}

TEST(OverviewTest, AFigureThatDoesNotCountSaysSo) {
  Result result;
  result.metric("throughput", "bits_per_s", Better::kHigher)
      .samples.push_back({.value = 5, .invalid_reason = "the sender was late"});
  EXPECT_THAT(headline_cards(result), HasSubstr("invalid: it does not count"));
}

TEST(OverviewTest, EscapesWhatItIsGiven) {
  Result result = bench_result();
  add_round(result, "<b>/<i>", Better::kHigher, 20, 40);
  for (const std::string& html : {headline_cards(result), headline_bars(result)}) {
    EXPECT_THAT(html, Not(HasSubstr("<b>/")));
    EXPECT_THAT(html, HasSubstr("&lt;i&gt;"));
  }
}

TEST(LoadTablesTest, HaveARowAMetricWithItsUnitOnce) {
  Result result = bench_result();
  add_round(result, "tcp_1_flow/messages", Better::kHigher, 20, 40);
  result.metric("tcp_1_flow/cpu_per_segment", "ns", Better::kLower)
      .samples.push_back({.path = kSubject, .value = 1500, .invalid_reason = {}});
  add_round(result, "udp_64/messages", Better::kHigher, 20, 40);
  const std::vector<LoadTable> tables = load_tables(result);
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].title, "TCP, 1 flow");
  EXPECT_EQ(tables[0].table.columns[3].title, "veth");
  EXPECT_THAT(tables[0].table.rows,
              ElementsAre(ElementsAre("message rate, messages/s", "20.00", "20.00 to 20.00",
                                      "40.00", "40.00 to 40.00", "0.500"),
                          ElementsAre("CPU time of the relay, a wire segment, us", "1.500",
                                      "1.500 to 1.500", "-", "-", "")));
}

TEST(LoadTablesTest, ALoadThatComesAgainHasOneTable) {
  Result result = bench_result();
  add_round(result, "udp_64/messages", Better::kHigher, 20, 40);
  add_round(result, "tcp_1_flow/messages", Better::kHigher, 20, 40);
  add_round(result, "udp_64/pdr", Better::kHigher, 20, 40);
  const std::vector<LoadTable> tables = load_tables(result);
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].title, "UDP, frames of 64 bytes");
  EXPECT_EQ(tables[0].table.rows.size(), 2U);
}

}  // namespace
}  // namespace tunrelay::test
