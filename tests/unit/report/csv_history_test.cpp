// SPDX-License-Identifier: MIT
// The history of measurements: lines appended, read back by us and by Python, and kept whole when
// the disk is full, when two write at once, and when the file is another one.
#include "report/csv_history.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "support/process.hpp"
#include "support/sample_results.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(CsvHistoryTest, GrowsByALineAMetricAndLink) {
  const TemporaryFolder folder;
  const std::string path = folder / "history.csv";
  append_csv_history(path, full_result());
  append_csv_history(path, full_result(8));
  const std::vector<HistoryRow> rows = read_csv_history(path);
  ASSERT_EQ(rows.size(), 16U);
  const Result result = full_result();
  const std::vector<double> values = valid_values(result.metrics[0], kSubject);
  EXPECT_EQ(rows[0].time, "2026-11-23T20:31:05Z");
  EXPECT_EQ(rows[0].commit, "285829c");
  EXPECT_EQ(rows[0].suite, "throughput");
  EXPECT_EQ(rows[0].title, "uring engine, 2 queues");
  EXPECT_EQ(rows[0].metric, "tcp_1_flow/throughput");
  EXPECT_EQ(rows[0].unit, "bits_per_s");
  EXPECT_EQ(rows[0].better, Better::kHigher);
  EXPECT_EQ(rows[0].path, kSubject);
  EXPECT_EQ(rows[0].rounds, 10U);
  EXPECT_EQ(rows[0].lowest, *std::min_element(values.begin(), values.end()));
  EXPECT_NEAR(rows[0].ratio_to_control, 0.72, 0.03);
  EXPECT_EQ(rows[0].machine_id, "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(std::isnan(rows[1].ratio_to_control)) << "the control's own";
  EXPECT_EQ(rows[6].rounds, 9U);
  EXPECT_NE(rows[8].median, rows[0].median);
}

TEST(CsvHistoryTest, LeavesOutWhatDoesNotCount) {
  Result result;
  result.metric("m", "ns", Better::kLower).samples.resize(1);
  result.metrics[0].samples[0].invalid_reason = "void";
  EXPECT_EQ(csv_history(result), "");
}

TEST(CsvHistoryTest, PythonReadsTheSame) {
  SeededRandom random;
  const TemporaryFolder folder;
  const std::string path = folder / "history.csv";
  std::string expected;
  for (int run = 0; run < 30; ++run) append_csv_history(path, random_result(random));
  for (const HistoryRow& row : read_csv_history(path))
    expected += row.title + "\x01" + row.metric + "\x01" + row.path + "\x01" +
                std::to_string(row.rounds) + "\n";
  EXPECT_EQ(output_of({"/usr/bin/python3", "-c",
                       "import csv, sys\n"
                       "for row in csv.DictReader(open(sys.argv[1], newline='')):\n"
                       "    assert None not in row and None not in row.values(), row\n"
                       "    print(row['title'], row['metric'], row['link'], row['rounds'],\n"
                       "          sep='\\1')\n",
                       path}),
            expected);
}

TEST(CsvHistoryTest, RefusesAForeignFileAndLeavesItAlone) {
  const TemporaryFolder folder;
  for (const char* foreign : {"time,commit\n1,2\n", "x", "\n", "{\"format\": 1}\n"}) {
    const std::string path = folder.write("x.csv", foreign);
    const Error error = thrown_error([&] { append_csv_history(path, full_result()); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), StartsWith("could not append to the history " + path +
                                         ": its first line is not that of a history"));
    EXPECT_EQ(content_of(path), foreign);
    EXPECT_THAT(thrown_error([&] { return read_csv_history(path); }).what(),
                HasSubstr("line 1: it is not the first line of a history"));
  }
}

TEST(CsvHistoryTest, RefusesAFileThatEndsWithinALine) {
  const TemporaryFolder folder;
  const std::string text = csv_history_header() + csv_history(full_result());
  const std::string cut = text.substr(0, text.size() - 5);
  const std::string path = folder.write("x.csv", cut);
  EXPECT_THAT(thrown_error([&] { append_csv_history(path, full_result()); }).what(),
              HasSubstr("it ends within a line"));
  EXPECT_EQ(content_of(path), cut);
  EXPECT_THAT(thrown_error([&] { return read_csv_history(path); }).what(),
              HasSubstr("line 9: the file ends within it"));
}

TEST(CsvHistoryTest, NamesTheLineThatMakesNoSense) {
  const auto answer = [](const std::string& line) {
    return thrown_error([&] {
             return parse_csv_history(csv_history_header() + csv_history(full_result()) + line,
                                      "x.csv");
           })
        .parts()
        .cause;
  };
  EXPECT_EQ(answer("a,b\n"), "line 10: 15 fields are needed, not 2");
  EXPECT_EQ(answer("\n"), "line 10: 15 fields are needed, not 1");
  EXPECT_EQ(answer("a,b,c,d,e,f,lower,h,many,1,1,1,1,j,k\n"),
            "line 10: rounds is not a number: 'many'");
  EXPECT_EQ(answer("a,b,c,d,e,f,lower,h,1,1x,1,1,1,j,k\n"),
            "line 10: median is not a number: '1x'");
  EXPECT_EQ(answer("a,b,c,d,e,f,lowr,h,1,1,1,1,1,j,k\n"),
            "line 10: better is none of higher, lower and neither: 'lowr'");
  EXPECT_EQ(answer("a,\"b,c,d,e,f,g,h,1,1,1,1,1,j,k\n"), "line 10: a quote is not closed");
}

TEST(CsvHistoryTest, DamageIsReadOrRefused) {
  SeededRandom random;
  const std::string text = csv_history_header() + csv_history(full_result());
  for (std::size_t round = scaled(2000); round != 0; --round) {
    std::string damaged = text;
    const std::size_t at = random.between(0, damaged.size() - 1);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.between(0, 7)));
    try {
      ASSERT_LE(parse_csv_history(damaged, "x").size(), 9U);
    } catch (const Error& error) {
      ASSERT_EQ(error.exit_code(), ExitCode::kUsage);
    }
  }
}

TEST(CsvHistoryTest, AFileThatASpreadsheetSavedIsRead) {
  std::string text = csv_history_header() + csv_history(full_result());
  for (std::size_t at = csv_history_header().size();
       (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.insert(at, "\r");
  EXPECT_EQ(parse_csv_history(text, "x").back().kernel, "6.18.44");
}

TEST(CsvHistoryTest, TwoThatAppendAtOnceKeepTheirLinesWhole) {
  const TemporaryFolder folder;
  const std::string path = folder / "history.csv";
  const Result result = full_result();
  const auto append = [&] {
    for (int run = 0; run < 20; ++run) append_csv_history(path, result);
  };
  std::thread other(append);
  append();
  other.join();
  EXPECT_EQ(read_csv_history(path).size(), 2U * 20 * 8);
}

TEST(CsvHistoryTest, AFullDiskTakesNoLine) {
  if (::geteuid() != 0) return skip_or_fail("a file system of its own needs root");
  const TemporaryFolder folder;
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=16k"), 0);
  const std::string path = folder / "history.csv";
  const Result result = full_result();
  std::size_t runs = 0;
  std::string failure;
  while (failure.empty() && runs < 1000) {
    try {
      append_csv_history(path, result);
      ++runs;
    } catch (const Error& error) {
      failure = error.what();
    }
  }
  EXPECT_THAT(failure, StartsWith("could not append to the history " + path + ": No space left"));
  EXPECT_GT(runs, 0U);
  EXPECT_EQ(read_csv_history(path).size(), 8 * runs);
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

}  // namespace
}  // namespace tunrelay::test
