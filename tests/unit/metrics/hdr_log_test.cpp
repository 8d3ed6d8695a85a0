// SPDX-License-Identifier: MIT
// Logs of histograms: written and read back, written by others, cut off, and no logs at all. That
// other implementations read ours is shown by hdr_reference_test.cpp.
#include "metrics/hdr_log.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/error.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr double kStartSeconds = 1'764'016'265.25;

Histogram histogram_of_one(std::int64_t value) {
  Histogram histogram;
  histogram.record(value);
  return histogram;
}

struct LogRead {
  double started_s = 0;
  std::vector<HdrLogInterval> intervals;
  std::string error;  ///< what reading ended with, if it was one
};

LogRead read_log(std::string_view text) {
  LogRead read;
  try {
    read.started_s = read_hdr_log(text, "some.hlog", [&read](const HdrLogInterval& interval) {
      read.intervals.push_back(interval);
    });
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    read.error = error.what();
  }
  return read;
}

/// LINES with the histogram of 7 behind each.
std::string lines_of_sevens(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "," + encode_histogram(histogram_of_one(7)) + "\n";
  return text;
}

TEST(HdrLog, BeginsAsOtherImplementationsExpect) {
  EXPECT_EQ(hdr_log_head("tunrelay 1.2", kStartSeconds),
            "#[Logged with tunrelay 1.2]\n"
            "#[Histogram log format version 1.3]\n"
            "#[StartTime: 1764016265.250 (seconds since epoch), 2025-11-24T20:31:05Z]\n"
            "#[BaseTime: 1764016265.250 (seconds since epoch)]\n"
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
            "\"Interval_Compressed_Histogram\"\n");
  EXPECT_THAT(hdr_log_line({"there", 0.5, 1, histogram_of_one(52'000)}),
              AllOf(StartsWith("Tag=there,0.500,1.000,0.052,HISTFAAA"), testing::EndsWith("\n")));
  EXPECT_THAT(hdr_log_line({"", 12, 0.25, Histogram()}), StartsWith("12.000,0.250,0.000,HISTFAAA"));
}

TEST(HdrLog, IsReadAsItWasWritten) {
  std::string text = hdr_log_head("tunrelay", kStartSeconds);
  std::vector<HdrLogInterval> written;
  for (int second = 0; second < 20; ++second) {
    written.push_back({second % 2 == 0 ? "a_to_b" : "", second * 1.0, 1.0 / (second + 1),
                       histogram_of_one(second * 1000)});
    text += hdr_log_line(written.back());
  }
  const LogRead read = read_log(text);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.started_s, kStartSeconds);
  ASSERT_EQ(read.intervals.size(), written.size());
  for (std::size_t at = 0; at < written.size(); ++at) {
    EXPECT_EQ(read.intervals[at].tag, written[at].tag);
    EXPECT_EQ(read.intervals[at].start_s, written[at].start_s);
    EXPECT_NEAR(read.intervals[at].length_s, written[at].length_s, 0.00051);
    EXPECT_EQ(read.intervals[at].histogram, written[at].histogram);
  }
  EXPECT_TRUE(read_log(hdr_log_head("tunrelay", 0)).intervals.empty()) << "nothing came of it";
}

TEST(HdrLog, WritesNoLineThatEndsTooEarly) {
  for (const char* tag : {"a,b", "a b", "a\tb", "a\nb", " ", ","})
    EXPECT_THROW(static_cast<void>(hdr_log_line({tag, 0, 1, {}})), Error) << tag;
  EXPECT_NO_THROW(static_cast<void>(hdr_log_line({"a=b:#[\xc3\xa9", 0, 1, {}})));
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  constexpr double kEndless = std::numeric_limits<double>::infinity();
  EXPECT_THROW(static_cast<void>(hdr_log_line({"", kNone, 1, {}})), Error);
  EXPECT_THROW(static_cast<void>(hdr_log_line({"", 0, kEndless, {}})), Error);
  for (const double started_s : {kNone, kEndless, -1.0, 1e15})
    EXPECT_THROW(static_cast<void>(hdr_log_head("x", started_s)), Error) << started_s;
}

TEST(HdrLog, ReadsTimesAsHdrHistogramsReaderDoes) {
  // With a base: times count from there.
  const std::string base = "#[BaseTime: 1500000000.000 (seconds since epoch)]\n";
  const std::string start = "#[StartTime: 1500000010.000 (seconds since epoch), whenever]\n";
  LogRead read = read_log(base + start + lines_of_sevens({"12.5,1.0,7.0", "13.5,1.0,7.0"}));
  EXPECT_EQ(read.started_s, 1'500'000'010);
  ASSERT_EQ(read.intervals.size(), 2U) << read.error;
  EXPECT_EQ(read.intervals[0].start_s, 2.5);
  EXPECT_EQ(read.intervals[1].start_s, 3.5);
  // Without: they count from the start, unless they are near it.
  EXPECT_EQ(read_log(start + lines_of_sevens({"2,1,7"})).intervals.at(0).start_s, 2);
  EXPECT_EQ(read_log(start + lines_of_sevens({"1500000013,1,7"})).intervals.at(0).start_s, 3);
  // Without a start: from the first interval on.
  read = read_log(lines_of_sevens({"1500000013,1,7", "1500000014,1,7"}));
  EXPECT_EQ(read.started_s, 1'500'000'013);
  EXPECT_EQ(read.intervals.at(1).start_s, 1);
}

TEST(HdrLog, TakesWhatOthersWrite) {
  const std::string line = encode_histogram(histogram_of_one(7));
  const LogRead read = read_log(
      "#a comment, of any kind\r\n#[Histogram log format version 1.2]\r\n"
      "\"StartTimestamp\",\"Interval_Length\"\r\n\r\n"
      "Tag=A,1e0,.5,93000000000000000.5," +
      line +
      "\r\n"
      "2,1,7.0," +
      line);
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.intervals.size(), 2U);
  EXPECT_EQ(read.intervals[0].tag, "A");
  EXPECT_EQ(read.intervals[0].length_s, 0.5);
  EXPECT_EQ(read.intervals[1].histogram, histogram_of_one(7)) << "without a newline at the end";
}

TEST(HdrLog, SaysWhichLineIsWrong) {
  const std::string good = lines_of_sevens({"1,1,7"});
  const std::pair<std::string, const char*> bad_lines[] = {
      {"{\"schema\": 1}", "not a line of an HdrHistogram log"},
      {"1,1", "not a line of an HdrHistogram log"},
      {"1,1,", "not a line of an HdrHistogram log"},
      {"1,one,7,HISTFAAA", "not a line of an HdrHistogram log"},
      {"1,1s,7,HISTFAAA", "not a line of an HdrHistogram log"},
      {"1, 1,7,HISTFAAA", "not a line of an HdrHistogram log"},
      {"nan,1,7,HISTFAAA", "not a line of an HdrHistogram log"},
      {"inf,1,7,HISTFAAA", "not a line of an HdrHistogram log"},
      {"1e300,1,7,HISTFAAA", "no time"},
      {"Tag=A", "not a line of an HdrHistogram log"},
      {"Tag=A B,1,1,7", "the histogram: it is damaged or cut off"},
      {"1,1,7,", "the histogram: it is damaged or cut off"},
      {"1,1,7,HISTFAAA", "the histogram: it is damaged or cut off"},
      {"1,1,7,AAAAAAAAAAAA", "the histogram: it is not a HdrHistogram"},
      {"#[StartTime: soon]", "no time"},
      {"#[BaseTime: 1e400]", "no time"},
      {"#[Histogram log format version 2.0]", "a later version"}};
  for (const auto& [line, fault] : bad_lines) {
    const LogRead read = read_log(good + line + "\n" + good);
    EXPECT_THAT(read.error, AllOf(HasSubstr("read some.hlog, line 2: "), HasSubstr(fault))) << line;
    EXPECT_EQ(read.intervals.size(), 1U) << "what stands before is there";
  }
  EXPECT_THAT(read_log("").error, HasSubstr("it is empty"));
}

TEST(HdrLog, CutOffIsSoundOnlyAtTheEndOfALine) {
  const std::string head = hdr_log_head("tunrelay", kStartSeconds);
  const std::string text = head + lines_of_sevens({"Tag=x,1,1,7", "2,1,7"});
  for (std::size_t length = head.size(); length < text.size(); ++length) {
    const bool whole = text[length] == '\n' || text[length - 1] == '\n';
    ASSERT_EQ(read_log(std::string_view(text).substr(0, length)).error.empty(), whole) << length;
  }
}

}  // namespace
}  // namespace tunrelay
