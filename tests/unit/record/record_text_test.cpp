// SPDX-License-Identifier: MIT
// A record's lines, there and back, and files that are not whole or not records.
#include "record/record_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/json_schema.hpp"
#include "support/skip.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

RecordHeader sample_record_header() {
  return {.program = "tunrelay 1.2.3",
          .started_utc = "2026-11-30T00:00:00Z",
          .title = "iperf3 &c",
          .devices = {"tun0", "tun1"},
          .queues = 2,
          .mtu_bytes = 1500,
          .interval_ns = 100'000'000};
}

RecordLink sample_link(std::int64_t at_ns) {
  return {.at_ns = at_ns, .seed = 7, .stages = {{{"delay 10ms", "rate 10mbit"}, {}}}};
}

RecordInterval sample_interval(std::int64_t from_ns, std::int64_t to_ns) {
  RecordInterval interval{
      .from_ns = from_ns, .to_ns = to_ns, .directions = {}, .worker_cpu_ns = {5, 6}};
  DirectionInterval& first = interval.directions[0];
  first.read = {1, 2, 3};
  first.written = {4, 5, 6};
  first.dropped.by_reason[static_cast<std::size_t>(DropReason::kQueueFull)] = {7, 8, 9};
  first.queued = {1, 1, 60};
  first.stages.resize(2);
  first.stages[1] = {.taken = {1, 2, 3},
                     .passed = {4, 5, 6},
                     .dropped = first.dropped,
                     .queued = {1, 1, 60},
                     .queued_peak = {2, 2, 120},
                     .marked = 3,
                     .delay_ns = {.count = 5, .p50 = 1, .p95 = 2, .p99 = 3, .highest = 4},
                     .late_ns = {},
                     .capacity_bits = 0};
  FlowInterval flow{
      .protocol = "tcp", .a = "[fd13::1]:80", .b = "[fd13::2]:1024", .directions = {}};
  flow.directions[1] = {.read = {1, 2, 3},
                        .written = {1, 2, 2},
                        .dropped = {0, 1, 1},
                        .retransmitted_segments = 4,
                        .rtts = 5,
                        .mean_rtt_ns = 6};
  interval.flows_ns = 90;
  interval.flows = {flow};
  return interval;
}

std::string sample_text() {
  return record_line(sample_record_header()) + record_line(sample_link(0)) +
         record_line(sample_interval(0, 100)) +
         record_line(RecordEvent{.at_ns = 150, .kind = "broken", .text = "tun0 is \"down\""}) +
         record_line(sample_link(200)) + record_line(sample_interval(200, 300)) +
         record_line(RecordEnd{.at_ns = 300, .intervals = 2});
}

std::string record_refusal(const std::string& text) {
  try {
    static_cast<void>(parse_record(text, "r"));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << error.what();
    return error.what();
  }
  return "it was read";
}

TEST(RecordText, AllOfItIsReadBack) {
  const Record record = parse_record(sample_text(), "r");
  EXPECT_EQ(record.header.program, "tunrelay 1.2.3");
  EXPECT_EQ(record.header.devices[1], "tun1");
  ASSERT_EQ(record.links.size(), 2U);
  EXPECT_EQ(record.links[0].stages[0], (std::vector<std::string>{"delay 10ms", "rate 10mbit"}));
  ASSERT_EQ(record.intervals.size(), 2U);
  const DirectionInterval expected = sample_interval(0, 100).directions[0];
  const DirectionInterval& read = record.intervals[0].directions[0];
  EXPECT_EQ(read.read, expected.read);
  EXPECT_EQ(read.written, expected.written);
  EXPECT_EQ(read.dropped, expected.dropped);
  EXPECT_EQ(read.queued, expected.queued);
  EXPECT_EQ(read.stages, expected.stages);
  EXPECT_EQ(record.intervals[0].worker_cpu_ns, (std::vector<std::uint64_t>{5, 6}));
  ASSERT_EQ(record.events.size(), 1U);
  EXPECT_EQ(record.events[0].text, "tun0 is \"down\"");
  ASSERT_TRUE(record.end);
  EXPECT_EQ(record.end->intervals, 2U);
  EXPECT_EQ(&record.link_of(record.intervals[0]), &record.links[0]);
  EXPECT_EQ(&record.link_of(record.intervals[1]), &record.links[1]);
}

TEST(RecordText, ACutRecordIsReadUpToTheCut) {
  const std::string text = sample_text();
  const std::size_t header_bytes = record_line(sample_record_header()).size();
  for (std::size_t bytes = header_bytes; bytes < text.size(); ++bytes) {
    const Record record = parse_record(text.substr(0, bytes), "r");
    EXPECT_LE(record.intervals.size(), 2U);
    // Without its newline alone the last line is whole.
    EXPECT_EQ(record.end.has_value(), bytes == text.size() - 1);
  }
}

TEST(RecordText, WhatALaterVersionAddsIsPassedOver) {
  const std::string text = sample_text() + R"({"line":"weather","sun":true})" + "\n";
  EXPECT_EQ(parse_record(text, "r").intervals.size(), 2U);
}

TEST(RecordText, TheSchemaHoldsForAllLinesAndRefusesOthers) {
  if (!test::has_json_schema()) test::skip_or_fail("python3-jsonschema is not installed");
  std::vector<std::string> lines;
  std::istringstream text(sample_text());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  const auto schema =
      std::filesystem::path(__FILE__).parent_path() / "../../../src/record/record.schema.json";
  EXPECT_EQ(test::schema_answer(schema, lines), "ok\n");
  EXPECT_NE(test::schema_answer(schema, {R"({"line":"end","at_ns":1})"}), "ok\n");
}

TEST(RecordText, RefusesWhatIsNoRecord) {
  EXPECT_THAT(record_refusal(""), HasSubstr("empty"));
  EXPECT_THAT(record_refusal("hello\n"), HasSubstr("line 1"));
  EXPECT_THAT(record_refusal(R"({"format":"tunrelay-result"})"), HasSubstr("line 1"));
  EXPECT_THAT(record_refusal(R"({"line":"interval"})"), HasSubstr("not a record's header"));
  RecordHeader later = sample_record_header();
  later.version = 2;
  EXPECT_THAT(record_refusal(record_line(later)),
              HasSubstr("version 2; this program reads version 1"));
  const std::string header = record_line(sample_record_header());
  EXPECT_THAT(record_refusal(header + header), HasSubstr("line 2"));
  EXPECT_THAT(record_refusal(header + record_line(sample_interval(0, 1))), HasSubstr("no link"));
  const std::string begun = header + record_line(sample_link(0));
  EXPECT_THAT(record_refusal(begun + record_line(sample_interval(5, 9)) +
                             record_line(sample_interval(8, 10))),
              HasSubstr("line 4"));
  RecordInterval other = sample_interval(0, 1);
  other.directions[0].stages.pop_back();
  EXPECT_THAT(record_refusal(begun + record_line(other)), HasSubstr("not those of its link"));
  EXPECT_THAT(record_refusal(begun + "{\"line\":\"interval\",\"from_ns\":\"x\"}\n"),
              HasSubstr("line 3"));
  EXPECT_THAT(record_refusal(begun + "nonsense\n" + record_line(sample_link(1))),
              HasSubstr("line 3"));
}

}  // namespace
}  // namespace tunrelay
