// SPDX-License-Identifier: MIT
// A record as table, CSV and charts: what stands there is what was recorded.
#include "report/record_forms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "record/record_text.hpp"
#include "report/html_record.hpp"
#include "report/record_charts.hpp"
#include "report/record_spans.hpp"
#include "report/thin_record.hpp"
#include "support/sample_record.hpp"

namespace tunrelay {
namespace {

using test::sample_record;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RecordForms, TheQueueIsTheLimitedStagesOrElseADelays) {
  EXPECT_EQ(queueing_stage({}), std::nullopt);
  EXPECT_EQ(queueing_stage({"loss 1%"}), std::nullopt);
  EXPECT_EQ(queueing_stage({"loss 1%", "delay 10ms"}), 1U);
  EXPECT_EQ(queueing_stage({"delay 10ms", "rate 1mbit"}), 1U);
  EXPECT_EQ(queueing_stage({"steps file.txt", "delay 10ms"}), 0U);
}

TEST(RecordForms, TheTableHasARowAnIntervalAndDirection) {
  const TextTable table = record_table(sample_record(4));
  ASSERT_EQ(table.rows.size(), 8U);
  const std::vector<std::string>& first = table.rows.front();
  EXPECT_EQ(first[0], "0.000 s");
  EXPECT_EQ(first[1], "tun0 -> tun1");
  EXPECT_EQ(first[3], "9.96 Mbit/s");
  EXPECT_EQ(first[4], "10.00 Mbit/s");
  EXPECT_EQ(first[7], "20.00 ms");
  EXPECT_EQ(table.rows[1][1], "tun1 -> tun0");
}

TEST(RecordForms, CsvHasThePartsOfEachDirection) {
  const std::string csv = record_csv(sample_record(4));
  const auto fields = static_cast<std::size_t>(
      std::count(csv.begin(), csv.begin() + static_cast<std::ptrdiff_t>(csv.find('\r')), ','));
  std::size_t rows = 0;
  for (std::size_t begin = 0; begin < csv.size(); begin = csv.find('\n', begin) + 1, ++rows) {
    std::string row = csv.substr(begin, csv.find('\n', begin) - begin);
    EXPECT_EQ(static_cast<std::size_t>(std::count(row.begin(), row.end(), ',')), fields) << row;
  }
  // The names; two intervals with two stages, two with one, and no stage the other way.
  EXPECT_EQ(rows, 1U + 2 * (1 + 2 + 1) + 2 * (1 + 1 + 1));
  EXPECT_THAT(csv, HasSubstr("0.000000000,0.100000000,a_to_b,rate 10mbit limit 100ms codel ecn,"));
}

TEST(RecordCharts, ThinningKeepsSumsAndPeaksAndLinksApart) {
  const Record record = sample_record(601);
  const Record thin = thinned(record, 50);
  EXPECT_LE(thin.intervals.size(), 60U);
  EXPECT_GE(thin.intervals.size(), 40U);
  Tally whole;
  Tally sum;
  std::uint64_t peak = 0;
  std::uint64_t thin_peak = 0;
  for (const RecordInterval& interval : record.intervals) {
    whole += interval.directions[0].written;
    peak = std::max(peak, interval.directions[0].stages.back().queued_peak.bytes);
  }
  for (const RecordInterval& interval : thin.intervals) {
    sum += interval.directions[0].written;
    thin_peak = std::max(thin_peak, interval.directions[0].stages.back().queued_peak.bytes);
    EXPECT_EQ(interval.directions[0].stages.size(), thin.link_of(interval).stages[0].size());
  }
  EXPECT_EQ(sum, whole);
  EXPECT_EQ(thin_peak, peak);
  EXPECT_EQ(thin.intervals.front().from_ns, record.intervals.front().from_ns);
  EXPECT_EQ(thin.intervals.back().to_ns, record.intervals.back().to_ns);
}

TEST(RecordCharts, WhatIsAllZerosIsLeftOut) {
  const auto titles_of = [](const nlohmann::ordered_json& charts) {
    std::string titles;
    for (const auto& chart : charts) titles += chart.at("title").get<std::string>() + "; ";
    return titles;
  };
  const std::string forward = titles_of(direction_charts(sample_record(), 0));
  EXPECT_THAT(forward, HasSubstr("Throughput; Delay in the queue; Queue, at its peak; Drops"));
  EXPECT_EQ(titles_of(direction_charts(sample_record(), 1)), "Throughput; ");
}

TEST(RecordCharts, FlowsAreStackedByWhatTheyDidWhenTheyWereLookedAt) {
  Record record = sample_record(4);
  const auto flow = [](const char* port, std::uint64_t bytes) {
    FlowInterval of{.protocol = "tcp", .a = "10.0.0.1:1", .b = port, .directions = {}};
    of.directions[0].read = {1, 1, bytes};
    of.directions[0].rtts = 2;
    of.directions[0].mean_rtt_ns = 5'000'000;
    return of;
  };
  // A look at every other interval: what it says is of both.
  for (const std::size_t at : {1U, 3U}) {
    record.intervals[at].flows_ns = 200'000'000;
    record.intervals[at].flows = {flow("10.0.0.2:2", 250'000), flow("10.0.0.2:3", 750'000)};
  }
  const auto charts = direction_charts(record, 0);
  const auto& throughput = charts.at(1);
  EXPECT_EQ(throughput.at("title"), "Throughput by flow");
  EXPECT_EQ(throughput.at("stacked"), true);
  ASSERT_EQ(throughput.at("lines").size(), 2U);
  EXPECT_EQ(throughput.at("lines").at(0).at("name"), "tcp 10.0.0.1:1 > 10.0.0.2:3")
      << "the largest";
  EXPECT_EQ(throughput.at("lines").at(0).at("y"), nlohmann::ordered_json({30.0, 30.0})) << "Mbit/s";
  EXPECT_EQ(throughput.at("lines").at(1).at("y"), nlohmann::ordered_json({10.0, 10.0}));
  EXPECT_EQ(charts.at(2).at("title"), "Round trips by flow");
  EXPECT_EQ(charts.at(0).at("stacked"), false);
}

TEST(RecordPage, OfARecordThatWasCutAtItsBeginningHasNothingToShow) {
  const Record whole = sample_record();
  Record cut{.header = whole.header, .links = {}, .intervals = {}, .events = {}, .end = {}};
  for (const bool has_link : {false, true}) {
    if (has_link) cut.links.push_back(whole.links.front());
    for (const char* title : {"", "ping"}) {
      cut.header.title = title;
      EXPECT_THAT(html_record(cut), HasSubstr("cut short"));
    }
    EXPECT_TRUE(record_table(cut).rows.empty());
    EXPECT_THAT(record_csv(cut), Not(HasSubstr("a_to_b")));
  }
}

TEST(RecordPage, EscapesWhatComesFromElsewhere) {
  Record record = sample_record();
  record.header.devices[0] = "<b>tun0</b>";
  const std::string page = html_record(record);
  EXPECT_THAT(page, Not(HasSubstr("<b>tun0</b>")));
  EXPECT_THAT(page, HasSubstr("tun0 &lt;is&gt; &quot;down&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("cut short")));
  record.end.reset();
  EXPECT_THAT(html_record(record), HasSubstr("cut short"));
}

TEST(RecordForms, NamesTheReasonsOfDrops) {
  Record record = sample_record(30);
  const TextTable table = drops_table(record);
  ASSERT_FALSE(table.rows.empty());
  EXPECT_EQ(table.rows[0][1], "rate 10mbit limit 100ms codel ecn");
  EXPECT_EQ(table.rows[0][2], "queue full");
  // What no stage has dropped is the relay's.
  record.intervals.back()
      .directions[1]
      .dropped.by_reason[static_cast<std::size_t>(DropReason::kTargetFull)] = {4, 4, 400};
  EXPECT_THAT(as_terminal(drops_table(record)), HasSubstr("the relay"));
  const std::string html = html_record(record);
  EXPECT_THAT(html, HasSubstr("What was dropped"));
  EXPECT_THAT(html, HasSubstr("dropped, queue full"));
  EXPECT_THAT(record_csv(record), HasSubstr("queue_full=2\r\n"));
}

TEST(RecordForms, ShowsWhatIsBetweenTwoMarks) {
  Record record = sample_record(20);
  EXPECT_TRUE(span_table(record).rows.empty());
  const auto mark = [&record](std::int64_t at_ns, const char* text) {
    record.events.push_back({.at_ns = at_ns, .kind = "mark", .text = text});
  };
  const std::int64_t length_ns = record.intervals[0].to_ns - record.intervals[0].from_ns;
  mark(length_ns, "udp_64, round 1: begins");
  mark(4 * length_ns, "udp_64, round 1: ends");
  mark(5 * length_ns, "a mark of somebody's");
  mark(6 * length_ns, "cut: begins");
  const std::vector<RecordSpan> spans = record_spans(record);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "udp_64, round 1");
  EXPECT_EQ(spans[0].to_ns - spans[0].from_ns, 3 * length_ns);
  const TextTable table = span_table(record);
  ASSERT_EQ(table.rows.size(), 2U) << as_terminal(table);
  // Three intervals of 83 wire segments of 1,500 bytes within 100 ms each.
  EXPECT_EQ(table.rows[0][3], "9.96 Mbit/s");
  EXPECT_EQ(table.rows[0][4], "queue full 3");
  EXPECT_THAT(html_record(record), HasSubstr("Sample by sample"));
}

}  // namespace
}  // namespace tunrelay
