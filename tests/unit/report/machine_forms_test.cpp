// SPDX-License-Identifier: MIT
// The forms that other programs read: each read by such a program, or by the rules of the form,
// and for results with every text that could break out of it.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "metrics/hdr_log.hpp"
#include "report/google_benchmark.hpp"
#include "report/junit.hpp"
#include "report/latency_log.hpp"
#include "report/prometheus.hpp"
#include "support/process.hpp"
#include "support/sample_comparison.hpp"
#include "support/sample_results.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

/// The rows of the Google Benchmark form under NAME.
std::vector<json> rows_of(const std::string& text, const std::string& name) {
  std::vector<json> rows;
  const json document = json::parse(text);
  for (const json& row : document["benchmarks"])
    if (row["name"] == name) rows.push_back(row);
  return rows;
}

TEST(GoogleBenchmarkTest, ARowASampleThatCounts) {
  const Result result = full_result();
  const std::string text = google_benchmark_json(result);
  const std::vector<json> rows = rows_of(text, "tcp_1_flow/throughput");
  ASSERT_EQ(rows.size(), 10U);
  for (std::size_t index = 0; index < rows.size(); ++index) {
    const double value = valid_values(result.metrics[0], kSubject)[index];
    EXPECT_EQ(rows[index]["run_name"], "tcp_1_flow/throughput");
    EXPECT_EQ(rows[index]["run_type"], "iteration");
    EXPECT_EQ(rows[index]["repetitions"], 10);
    EXPECT_EQ(rows[index]["repetition_index"], index);
    EXPECT_DOUBLE_EQ(rows[index]["real_time"].get<double>(), 1e18 / value) << "ns a gigabit";
    EXPECT_EQ(rows[index]["bits_per_s"], value);
    EXPECT_EQ(rows[index]["time_unit"], "ns");
  }
  EXPECT_EQ(rows_of(text, "idle/round_trip_p50").size(), 9U) << "one is invalid";
  EXPECT_EQ(rows_of(text, "idle/round_trip_p50/link:control").size(), 9U) << "one is not a number";
}

TEST(GoogleBenchmarkTest, CpuTimeIsThatOfTheSameTestLinkAndRound) {
  const Result result = full_result();
  const std::string text = google_benchmark_json(result);
  const std::vector<double> cpu = valid_values(result.metrics[2], kControl);
  EXPECT_EQ(rows_of(text, "udp_64/throughput/link:control")[3]["cpu_time"], cpu[3]);
  const json none = rows_of(text, "tcp_1_flow/throughput")[3];
  EXPECT_EQ(none["cpu_time"], none["real_time"]);
}

TEST(GoogleBenchmarkTest, ARateOfZeroHasNoTime) {
  Result result;
  result.metric("a", "bits_per_s", Better::kHigher).samples.resize(3);
  result.metric("b", "ns", Better::kLower).samples.resize(3);
  EXPECT_TRUE(rows_of(google_benchmark_json(result), "a").empty());
  EXPECT_EQ(rows_of(google_benchmark_json(result), "b").size(), 3U);
}

TEST(GoogleBenchmarkTest, IsJsonForAnyResult) {
  SeededRandom random;
  for (std::size_t round = scaled(200); round != 0; --round) {
    const json document = json::parse(google_benchmark_json(random_result(random)));
    for (const json& row : document["benchmarks"])
      ASSERT_TRUE(row["real_time"].is_number() && row["cpu_time"].is_number()) << row;
  }
}

TEST(GoogleBenchmarkTest, CompareOfGoogleBenchmarkReadsIt) {
  const char* const program = "/usr/share/benchmark/compare.py";
  if (!std::filesystem::exists(program) ||
      !run({"/usr/bin/python3", "-c", "import scipy"}).succeeded())
    return skip_or_fail("libbenchmark-tools or python3-scipy is not installed");
  const TemporaryFolder folder;
  Result head = full_result(8);
  for (Sample& sample : head.metrics[0].samples) sample.value /= 1.25;  // a quarter more time
  const std::string text = output_of({"/usr/bin/python3", program, "--no-color", "benchmarks",
                                      folder.write("base", google_benchmark_json(full_result())),
                                      folder.write("head", google_benchmark_json(head))});
  EXPECT_THAT(text, ContainsRegex("\ntcp_1_flow/throughput  +\\+0\\.[23]"));
  EXPECT_THAT(text, ContainsRegex("\ntcp_1_flow/throughput_pvalue  +0\\.000.* 10 vs 10"));
  EXPECT_THAT(text, ContainsRegex("\nidle/round_trip_p50/link:control_pvalue .* 9 vs 9"));
}

/// Counts of what Python's XML reader finds in XML: "tests failures errors skipped".
std::string junit_counts(const std::vector<std::string>& documents) {
  const TemporaryFolder folder;
  Command command{"/usr/bin/python3", "-c",
                  "import sys\n"
                  "from xml.etree import ElementTree\n"
                  "for path in sys.argv[1:]:\n"
                  "    suite = ElementTree.parse(path).getroot()[0]\n"
                  "    for key, tag in (('tests', 'testcase'), ('failures', 'failure'),\n"
                  "                     ('errors', 'error'), ('skipped', 'skipped')):\n"
                  "        assert int(suite.get(key)) == len(list(suite.iter(tag))), path\n"
                  "    names = [case.get('name') for case in suite.iter('testcase')]\n"
                  "    print(*(suite.get(key) for key in ('tests', 'failures', 'errors',\n"
                  "                                       'skipped')), *names)\n"};
  for (std::size_t index = 0; index < documents.size(); ++index)
    command.push_back(folder.write(std::to_string(index), documents[index]));
  return output_of(command);
}

TEST(JUnitTest, ACaseAMetric) {
  EXPECT_EQ(junit_counts({junit_xml(full_result())}),
            "4 0 0 0 tcp_1_flow/throughput udp_64/throughput udp_64/cpu idle/round_trip_p50\n");
}

TEST(JUnitTest, WhatWasNotMeasuredIsAnError) {
  Result result;
  result.metric("empty", "ns", Better::kLower);
  result.metric("void", "ns", Better::kLower).samples.resize(2);
  for (Sample& sample : result.metrics[1].samples) sample.invalid_reason = "it did not cross";
  result.metric("good", "ns", Better::kLower).samples.resize(2);
  const std::string xml = junit_xml(result);
  EXPECT_EQ(junit_counts({xml}), "4 0 3 0 empty void good complete\n");
  EXPECT_THAT(xml, HasSubstr("<error message=\"no sample of subject counts. \"/>"));
}

TEST(JUnitTest, AVerdictACase) {
  const std::string xml = junit_xml(sample_comparison(), "2026-11-23T20:31:05Z");
  EXPECT_EQ(junit_counts({xml}),
            "5 1 0 2 tcp_1_flow/throughput udp_64/throughput udp_64/cpu idle/round_trip_p50 "
            "tcp_4_flows/throughput\n");
  EXPECT_THAT(xml, HasSubstr("timestamp=\"2026-11-23T20:31:05\""));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"worse, +12.9 % (+9.00 % to +17.0 %): 13 % more a "
                             "packet &amp; rising\"/>"));
}

TEST(JUnitTest, IsXmlForAnyResult) {
  SeededRandom random;
  std::vector<std::string> documents;
  for (std::size_t round = scaled(100); round != 0; --round)
    documents.push_back(junit_xml(random_result(random)));
  EXPECT_NO_THROW(static_cast<void>(junit_counts(documents)));
}

/// Reads TEXT by the rules of the form (each line, types before values, no series twice, lines of
/// a family together) and gives the values by series.
std::map<std::string, double> prometheus_values(const std::string& text) {
  static const std::regex kComment("# (HELP|TYPE) ([a-zA-Z_][a-zA-Z0-9_]*) (.+)");
  static const std::regex kSeries(
      R"re(([a-zA-Z_][a-zA-Z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)*\}) ([^ ]+))re");
  std::map<std::string, double> values;
  std::set<std::string> families;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kComment)) {
      if (match[1] == "HELP") {
        family = match[2];
        EXPECT_TRUE(families.insert(family).second) << "twice: " << family;
      } else {
        EXPECT_EQ(match[2], family);
        EXPECT_TRUE(match[3] == "gauge" || match[3] == "summary") << line;
      }
      continue;
    }
    if (!std::regex_match(line, match, kSeries)) {
      ADD_FAILURE() << "no line of the form: " << line;
      continue;
    }
    const std::string name = match[1];
    EXPECT_TRUE(name == family || name == family + "_sum" || name == family + "_count") << line;
    EXPECT_TRUE(
        values.emplace(name + match[2].str(), std::strtod(match[3].str().c_str(), nullptr)).second)
        << line;
  }
  EXPECT_TRUE(text.ends_with('\n'));
  return values;
}

TEST(PrometheusTest, ValuesInSecondsAndBytes) {
  const Result result = full_result();
  const auto values = prometheus_values(prometheus_text(result));
  const std::string subject = R"(suite="throughput",metric="tcp_1_flow/throughput",link="subject")";
  EXPECT_NEAR(values.at("tunrelay_result_bytes_per_second{" + subject + R"(,statistic="median"})"),
              27.1e9 / 8, 1e8);
  EXPECT_NEAR(values.at("tunrelay_ratio_to_control{" + subject + "}"), 0.72, 0.03);
  EXPECT_EQ(values.at("tunrelay_rounds{" + subject + "}"), 10);
  const std::string latency =
      R"(suite="throughput",latency="load_50/one_way_a_to_b",link="subject")";
  EXPECT_NEAR(values.at("tunrelay_latency_seconds{" + latency + R"(,quantile="0.5"})"), 14e-6,
              1e-6);
  EXPECT_EQ(values.at("tunrelay_latency_seconds_count{" + latency + "}"), 20'000);
  EXPECT_EQ(values.at(R"(tunrelay_run_start_time_seconds{suite="throughput"})"), 1795465865);
  EXPECT_EQ(values.at(R"(tunrelay_run_complete{suite="throughput"})"), 1);
}

TEST(PrometheusTest, KeepsTheFormForAnyResult) {
  SeededRandom random;
  for (std::size_t round = scaled(100); round != 0 && !HasFailure(); --round)
    static_cast<void>(prometheus_values(prometheus_text(random_result(random))));
}

TEST(LatencyLogTest, ALineADistribution) {
  const Result result = full_result();
  std::size_t seen = 0;
  const double start = read_hdr_log(latency_log(result), "x", [&](const HdrLogInterval& interval) {
    const Distribution& written = result.distributions[seen++];
    EXPECT_EQ(interval.tag, written.name + "/" + written.path);
    EXPECT_EQ(interval.histogram, written.histogram);
    EXPECT_EQ(interval.length_s, 10);
  });
  EXPECT_EQ(seen, 12U);
  EXPECT_EQ(start, 1795465865);
}

TEST(LatencyLogTest, IsALogForAnyResult) {
  SeededRandom random;
  for (std::size_t round = scaled(100); round != 0; --round) {
    const Result result = random_result(random);
    std::size_t seen = 0;
    static_cast<void>(read_hdr_log(latency_log(result), "x", [&](const auto&) { ++seen; }));
    std::size_t expected = 0;
    for (const Distribution& one : result.distributions) expected += one.histogram.count() != 0;
    ASSERT_EQ(seen, expected);
  }
}

}  // namespace
}  // namespace tunrelay::test
