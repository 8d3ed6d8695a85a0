// SPDX-License-Identifier: MIT
// The forms that people read: a terminal's text, Markdown, and the page's text without a browser.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <sstream>
#include <tuple>

#include "report/charts.hpp"
#include "report/html_report.hpp"
#include "report/markdown.hpp"
#include "report/tables.hpp"
#include "report/terminal.hpp"
#include "result/test_path_summary.hpp"
#include "support/sample_comparison.hpp"
#include "support/sample_results.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Two rounds of a subject and a control, whole numbers.
Result small_result() {
  Result result;
  result.suite = "throughput";
  result.title = "quick look";
  result.started_utc = "2026-11-23T20:31:05Z";
  result.duration_s = 8;
  result.seed = 42;
  result.complete = true;
  Metric& metric = result.metric("tcp_1_flow/throughput", "bits_per_s", Better::kHigher);
  for (std::uint32_t round = 0; round < 2; ++round)
    for (const char* path : {kSubject, kControl}) {
      Sample& sample = metric.samples.emplace_back();
      sample.path = path;
      sample.round = round;
      sample.value = (path == std::string(kControl) ? 40e9 : 20e9) + 2e9 * round;
    }
  metric.samples.back().invalid_reason = "12 packets went over lo";
  Distribution& distribution = result.distributions.emplace_back();
  distribution.name = "idle/round_trip";
  for (int value = 1; value <= 2000; ++value) distribution.histogram.record(value);
  result.notes = {"The governor is powersave."};
  return result;
}

TEST(TerminalTest, OfAResult) {
  EXPECT_EQ(
      terminal_text(small_result()),
      "throughput, quick look: 8.00 s, seed 42\n"
      "\n"
      "metric                 path           median      lowest to highest         rounds  "
      "to control\n"
      "tcp_1_flow/throughput  subject  21.00 Gbit/s  20.00 to 22.00 Gbit/s              2       "
      "0.500\n"
      "                       control  40.00 Gbit/s  40.00 to 40.00 Gbit/s  1 (1 invalid)\n"
      "\n"
      "latency          path          p50       p90       p99     p99.9  p99.99  p99.999   "
      "highest  count\n"
      "idle/round_trip  subject  1.000 us  1.800 us  1.980 us  1.998 us       -        -  "
      "2.000 us  2,000\n"
      "\n"
      "invalid     path     round  does not count, since\n"
      "tcp_1_flow  control      1  12 packets went over lo\n"
      "\n"
      "note: The governor is powersave.\n");
}

/// One trial, which was invalid, with all that it measured.
Result invalid_result() {
  Result result = small_result();
  result.metrics.clear();
  const std::string reason = "the sender could not keep the rate";
  for (const auto& [name, unit, better, value] :
       {std::tuple{"throughput", "bits_per_s", Better::kHigher, 5.12e6},
        std::tuple{"round_trip_p50", "ns", Better::kLower, 1000.0}})
    result.metric(name, unit, better)
        .samples.push_back({.path = kSubject, .value = value, .invalid_reason = reason});
  result.distributions.front().name = "round_trip";
  return result;
}

TEST(TerminalTest, AnInvalidTrialsFiguresAreShownAsInvalidWithTheReason) {
  const std::string text = terminal_text(invalid_result());
  EXPECT_THAT(text, ContainsRegex("\nthroughput +subject \\(invalid\\) +5.120 Mbit/s "
                                  "+5.120 to 5.120 Mbit/s +0 \\(1 invalid\\)\n"));
  EXPECT_THAT(text, ContainsRegex("\nround_trip +subject \\(invalid\\) +1.000 us "));
  EXPECT_THAT(text, HasSubstr("the sender could not keep the rate\n"));
  EXPECT_EQ(summarise(invalid_result().metrics.front()).front().valid, 0U);
  EXPECT_TRUE(std::isnan(summarise(invalid_result().metrics.front()).front().median))
      << "what programs read has no figure that does not count";
}

TEST(TerminalTest, AnInvalidSampleBesideOneThatCountsIsNotShown) {
  const std::string text = terminal_text(small_result());
  EXPECT_THAT(text, Not(HasSubstr("(invalid)")));
}

TEST(TerminalTest, OfAComparison) {
  const std::string text = terminal_text(sample_comparison());
  EXPECT_THAT(text, StartsWith("base v0.1.0 <285829c>\nhead main\n\nmetric  "));
  EXPECT_THAT(text, HasSubstr("  +5.64 %   +4.10 % to +6.10 %  0.00012  better\n"));
  EXPECT_THAT(text, HasSubstr("+100.0 %"));
  EXPECT_THAT(text, HasSubstr("not judged\n")) << "a metric without a direction";
  EXPECT_THAT(text, EndsWith("idle/round_trip_p50: too few rounds\n"
                             "tcp_4_flows/throughput: it is not measured any more\n"
                             "\nthe whole: worse\n"));
  EXPECT_THAT(text, Not(HasSubstr("lies within"))) << "what is decided needs no reason";
}

TEST(TerminalTest, MetricsWithOneReasonShareALine) {
  ComparisonReport report = sample_comparison();
  for (ComparisonRow& row : report.rows) {
    row.verdict = "inconclusive";
    row.reason = "too few rounds";
  }
  EXPECT_THAT(terminal_text(report),
              HasSubstr("\n\nall that are judged: too few rounds\n\nthe whole"));
  report.rows.front().verdict = "same";
  EXPECT_THAT(terminal_text(report),
              HasSubstr("\n\nudp_64/throughput, udp_64/cpu, idle/round_trip_p50, idle/wakeups, "
                        "tcp_4_flows/throughput: too few rounds\n\nthe whole"));
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

TEST(TerminalTest, FitsATerminal) {
  for (const std::size_t columns : {80U, 120U}) {
    const TerminalStyle style{.columns = columns, .colour = false};
    EXPECT_LE(widest_line(terminal_text(sample_comparison(), style)), columns);
    EXPECT_LE(widest_line(terminal_text(full_result(), style)), columns);
  }
  const TerminalStyle narrow{.columns = 80, .colour = false};
  const std::string text = terminal_text(sample_comparison(), narrow);
  EXPECT_THAT(text, Not(HasSubstr("0.00012"))) << "p is the first to go";
  EXPECT_THAT(text, HasSubstr("+4.10 % to +6.10 %  better\n"));
}

TEST(TerminalTest, ColoursAreVerdictsAlone) {
  const std::string text =
      terminal_text(sample_comparison(), TerminalStyle{.columns = 0, .colour = true});
  EXPECT_THAT(text, HasSubstr("  \x1b[1;31mworse\x1b[0m\n"));
  EXPECT_THAT(text, HasSubstr("  \x1b[32mbetter\x1b[0m\n"));
  std::string plain = text;
  for (const char* code : {"\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"})
    for (std::size_t at = 0; (at = plain.find(code)) != std::string::npos;)
      plain.erase(at, std::string(code).size());
  EXPECT_EQ(plain, terminal_text(sample_comparison()));
}

TEST(TerminalTest, NothingReachesItThatItWouldObey) {
  SeededRandom random;
  for (std::size_t round = scaled(200); round != 0; --round)
    for (const char character : terminal_text(random_result(random)))
      ASSERT_TRUE(character == '\n' || static_cast<unsigned char>(character) >= 0x20);
}

TEST(MarkdownTest, OfAResult) {
  const std::string text = markdown_summary(small_result());
  EXPECT_THAT(text,
              StartsWith("## throughput: quick look\n\n2026-11-23T20:31:05Z, for 8.00 s, seed "
                         "42\n\n### Figures\n\n| metric | path | median |"));
  EXPECT_THAT(text,
              HasSubstr("\n|  | control | 40.00 Gbit/s | 40.00 to 40.00 Gbit/s | 1 (1 invalid) |  "
                        "|\n"));
  EXPECT_THAT(text, HasSubstr("\n- The governor is powersave.\n"));
  EXPECT_THAT(text, Not(HasSubstr("cut short")));
}

TEST(MarkdownTest, AnInvalidTrialsFiguresAreShownAsInvalid) {
  EXPECT_THAT(markdown_summary(invalid_result()),
              AllOf(HasSubstr("| throughput | subject (invalid) | 5.120 Mbit/s |"),
                    HasSubstr("| round_trip | subject (invalid) | 1.000 us |"),
                    HasSubstr("the sender could not keep the rate")));
}

TEST(MarkdownTest, OfAComparison) {
  EXPECT_THAT(markdown_summary(sample_comparison()),
              AllOf(StartsWith("## worse: v0.1.0 &lt;285829c\\> to main\n"),
                    HasSubstr("| udp_64/cpu | 1,710 ns/packet | 1,930 ns/packet | +12.9 % | "
                              "+9.00 % to +17.0 % | 0.00012 | worse |\n"),
                    HasSubstr("What differs by less than 2.00 % counts as the same."),
                    HasSubstr("\n- udp_64/cpu: 13 % more a packet &amp; rising\n")));
}

/// How many cells a row of Markdown has: pipes that are not escaped, less one.
std::size_t cells_in(const std::string& line) {
  std::size_t pipes = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\')
      ++at;
    else if (line[at] == '|')
      ++pipes;
  }
  return pipes - 1;
}

TEST(MarkdownTest, TablesKeepTheirColumnsForAnyResult) {
  SeededRandom random;
  for (std::size_t round = scaled(200); round != 0; --round) {
    std::istringstream lines(markdown_summary(random_result(random)));
    std::size_t columns = 0;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("|")) {
        columns = 0;
        continue;
      }
      if (columns == 0) columns = cells_in(line);
      ASSERT_EQ(cells_in(line), columns) << line;
    }
  }
}

TEST(TablesTest, ARunThatWasCutShortSaysSo) {
  Result result = small_result();
  result.complete = false;
  EXPECT_THAT(terminal_text(result), HasSubstr(std::string("note: ") + kIncomplete));
  EXPECT_THAT(markdown_summary(result), HasSubstr(kIncomplete));
  EXPECT_THAT(html_report(result), HasSubstr(kIncomplete));
}

TEST(TablesTest, DetailsOfDetails) {
  const TextTable table = details_table({{"a", {{"b", 1}, {"c", {{"d", true}}}}},
                                         {"e", {1, "x", nullptr}},
                                         {"f", nlohmann::json::object()}});
  const std::vector<std::vector<std::string>> expected = {
      {"a.b", "1"}, {"a.c.d", "yes"}, {"e", "1, x, -"}, {"f", "{}"}};
  EXPECT_EQ(table.rows, expected);
}

TEST(HtmlReportTest, NeedsNothingElse) {
  const std::string html = html_report(full_result(), sample_comparison());
  EXPECT_THAT(html, StartsWith("<!DOCTYPE html>\n"));
  for (const char* reference : {"src=", "href=\"http", "url(", "@import", "fetch(", "http://"})
    EXPECT_THAT(std::regex_replace(html, std::regex("http://www\\.w3\\.org/2000/svg"), ""),
                Not(HasSubstr(reference)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(HtmlReportTest, SaysInTablesWhatChartsShow) {
  const std::string html = html_report(small_result());
  EXPECT_THAT(html, HasSubstr("<td>throughput, Gbit/s</td><td class=\"number\">21.00</td>"
                              "<td class=\"number\">20.00 to 22.00</td>"
                              "<td class=\"number\">40.00</td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"number\">1.998 us</td>"));
  EXPECT_THAT(html, HasSubstr("<td>12 packets went over lo</td>"));
  EXPECT_THAT(html, HasSubstr("<noscript>"));
}

TEST(HtmlReportTest, TheComparisonIsDrawnToOneScale) {
  const std::string html = html_report(small_result(), sample_comparison());
  EXPECT_THAT(html, HasSubstr("<span>-50 %</span><span>0</span><span>+50 %</span>"));
  // 13 % of 50 % to the right of the middle; what goes on to infinity ends at the edge.
  EXPECT_THAT(html, HasSubstr("<i class=\"dot\" style=\"left:62.87%\"></i>"));
  EXPECT_THAT(html, HasSubstr("<i class=\"bar\" style=\"left:45.00%;width:55.00%\"></i>"));
  EXPECT_THAT(html, HasSubstr("<span class=\"verdict worse\">! worse</span>"));
}

TEST(ChartsTest, PercentileCurvesEndAtTheHighestValue) {
  const auto charts = percentile_charts(small_result());
  ASSERT_EQ(charts.size(), 1U);
  const auto& line = charts[0]["lines"][0];
  EXPECT_EQ(line["x"].front(), 1);
  EXPECT_EQ(line["y"].front(), 1);
  EXPECT_EQ(line["x"].back(), 2000);
  EXPECT_EQ(line["y"].back(), 2000);
}

TEST(ChartsTest, DistributionsAddUp) {
  const Result result = full_result();
  for (const auto& chart : distribution_charts(result))
    for (const auto& line : chart["lines"]) {
      double sum = 0;
      for (const auto& share : line["y"]) sum += share.get<double>();
      EXPECT_NEAR(sum, 100, 0.01);
    }
}

TEST(ChartsTest, ALoadHasAChartWithItsPathsAndLatencies) {
  const auto charts = percentile_charts(full_result());
  ASSERT_EQ(charts.size(), 3U);
  EXPECT_EQ(charts[1]["title"], "50 % load: latency");
  ASSERT_EQ(charts[1]["lines"].size(), 4U);
  const auto& line = charts[1]["lines"][3];
  EXPECT_EQ(line["name"], "control, one way b to a");
  EXPECT_EQ(line["color"], 3);
  EXPECT_EQ(line["dash"], 1);
}

TEST(ChartsTest, MoreThanFiveLinesAreSeveralCharts) {
  Result result = full_result();
  for (const char* path : {"third", "fourth"})
    for (const char* way : {"load_10/one_way_a_to_b", "load_10/one_way_b_to_a"}) {
      Distribution more = result.distributions.front();
      more.name = way;
      more.path = path;
      result.distributions.push_back(std::move(more));
    }
  const auto charts = percentile_charts(result);
  ASSERT_EQ(charts.size(), 4U);
  EXPECT_EQ(charts[0]["title"], "10 % load: one way a to b");
  EXPECT_EQ(charts[0]["lines"].size(), 4U);
  EXPECT_EQ(charts[0]["lines"][3]["name"], "fourth");
}

TEST(ChartsTest, WhatIsAllZeroOrOnlyExplainsHasNoChart) {
  Result result;
  for (const auto& [name, better, value] : {std::tuple{"udp_64/loss", Better::kLower, 0.0},
                                            std::tuple{"udp_64/jitter", Better::kLower, 5.0},
                                            std::tuple{"udp_64/slip_p50", Better::kNeither, 5.0}})
    result.metric(name, "ns", better).samples.push_back({.value = value, .invalid_reason = {}});
  const auto charts = round_charts(result);
  ASSERT_EQ(charts.size(), 1U);
  EXPECT_EQ(charts[0]["title"], "UDP, frames of 64 bytes: jitter");
}

TEST(ChartsTest, LongSeriesAreThinnedAndKeepTheirPeaks) {
  Result result;
  Series& series = result.series.emplace_back();
  series.name = "x";
  series.unit = "packets_per_s";
  series.values.assign(100'000, 5);
  series.values[77'777] = 9;
  series.values[33'333] = 1;
  const auto line = series_charts(result)[0]["lines"][0];
  EXPECT_LE(line["y"].size(), 2100U);
  EXPECT_EQ(line["x"].size(), line["y"].size());
  EXPECT_EQ(std::count(line["y"].begin(), line["y"].end(), 9), 1);
  EXPECT_EQ(std::count(line["y"].begin(), line["y"].end(), 1), 1);
}

TEST(ChartsTest, PartsOfASeriesAreOneLineWithAGap) {
  Result result;
  for (const double start : {0.0, 10.0}) {
    Series& series = result.series.emplace_back();
    series.name = "x";
    series.unit = "ns";
    series.start_s = start;
    series.values = {1, 2};
  }
  const auto charts = series_charts(result);
  ASSERT_EQ(charts.size(), 1U);
  EXPECT_EQ(charts[0]["lines"].size(), 1U);
  EXPECT_EQ(charts[0]["lines"][0]["x"].dump(), "[0.5,1.5,1.5,10.5,11.5]");
  EXPECT_EQ(charts[0]["lines"][0]["y"].dump(), "[1.0,2.0,null,1.0,2.0]");
}

}  // namespace
}  // namespace tunrelay::test
