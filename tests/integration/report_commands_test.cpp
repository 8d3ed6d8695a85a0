// SPDX-License-Identifier: MIT
// `report` and `trend` as a user calls them: every form is written, and what can't be is reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "result/result_json.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/sample_results.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ReportCommandTest : public ::testing::Test {
 protected:
  [[nodiscard]] test::ProcessResult tunrelay(const std::string& arguments) const {
    return test::run_shell("cd " + folder_.path() + "; " + test::program() + " " + arguments);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    return test::content_of(folder_ / name);
  }

  test::TemporaryFolder folder_;
};

TEST_F(ReportCommandTest, WritesEveryForm) {
  write_result(folder_ / "result.json", test::full_result());
  const test::ProcessResult done = tunrelay(
      "report result.json --html page.html --markdown summary.md --junit junit.xml --prometheus "
      "gauges.prom --csv history.csv --gbench gbench.json --hdr-log latency.hlog");
  EXPECT_TRUE(done.succeeded()) << done.describe();
  EXPECT_THAT(done.standard_output, IsEmpty()) << "the forms were requested";
  EXPECT_THAT(content("page.html"), StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(content("summary.md"), HasSubstr("| tcp_1_flow/throughput |"));
  EXPECT_THAT(content("junit.xml"), HasSubstr("<testcase"));
  EXPECT_THAT(content("gauges.prom"), HasSubstr("# TYPE"));
  EXPECT_THAT(content("history.csv"), HasSubstr("udp_64/cpu,ns_per_packet"));
  EXPECT_TRUE(nlohmann::json::parse(content("gbench.json")).contains("benchmarks"));
  EXPECT_THAT(content("latency.hlog"), HasSubstr("Tag=load_10/one_way_a_to_b/subject"));
}

TEST_F(ReportCommandTest, PrintsTheTablesOrTheJson) {
  write_result(folder_ / "result.json", test::full_result());
  EXPECT_THAT(tunrelay("report result.json").standard_output,
              HasSubstr("throughput, uring engine, 2 queues"));
  const test::ProcessResult json = tunrelay("report result.json result.json --json --title twice");
  EXPECT_TRUE(json.succeeded()) << json.describe();
  const Result joined = result_from_text(json.standard_output);
  EXPECT_EQ(joined.title, "twice");
  EXPECT_EQ(joined.metrics.at(0).samples.size(), 40U);
  EXPECT_THAT(tunrelay("report result.json --markdown -").standard_output,
              HasSubstr("| metric | path |"));
}

TEST_F(ReportCommandTest, WritesToStandardOutputWhereOthersHaveWrittenBefore) {
  write_result(folder_ / "result.json", test::full_result());
  for (const char* form : {"--markdown", "--csv", "--hdr-log", "--gbench"}) {
    const test::ProcessResult done =
        test::run({"sh", "-c",
                   "cd " + folder_.path() + " && (echo before; " + test::program() +
                       " report result.json " + form + " -; echo after) > all"});
    EXPECT_TRUE(done.succeeded()) << form << done.describe();
    EXPECT_THAT(content("all"), ::testing::StartsWith("before\n")) << form;
    EXPECT_THAT(content("all"), ::testing::EndsWith("\nafter\n")) << form;
  }
}

TEST_F(ReportCommandTest, SaysThatStandardOutputIsFull) {
  write_result(folder_ / "result.json", test::full_result());
  const test::ProcessResult done = test::run(
      {"sh", "-c",
       test::program() + " report " + (folder_ / "result.json") + " --markdown - > /dev/full"});
  EXPECT_EQ(done.exit_code, 1) << done.describe();
  EXPECT_THAT(done.standard_error, HasSubstr("could not write to standard output"));
}

TEST_F(ReportCommandTest, PutsABaselineBesideIt) {
  write_result(folder_ / "base.json", test::full_result(1));
  write_result(folder_ / "head.json", test::full_result(2));
  const test::ProcessResult done = tunrelay(
      "report head.json --base base.json --html page.html --junit - --markdown summary.md");
  EXPECT_TRUE(done.succeeded()) << done.describe();
  EXPECT_THAT(done.standard_output, HasSubstr("<testsuite"));
  EXPECT_THAT(content("page.html"), HasSubstr("Compared with the base"));
  EXPECT_THAT(content("summary.md"), HasSubstr("base.json"));
}

TEST_F(ReportCommandTest, AComparisonIsHadAsJson) {
  constexpr std::uint32_t kRounds = 20;  // enough for a verdict
  test::SeededRandom random(5);
  Result head = test::full_result(1);
  head.metrics.resize(1);
  head.metrics[0].samples.clear();
  test::add_samples(head.metrics[0], random, 27.1e9, 37.5e9, kRounds);
  write_result(folder_ / "base.json", head);
  for (Sample& sample : head.metrics[0].samples)
    if (sample.path == kSubject) sample.value *= 0.5;
  write_result(folder_ / "head.json", head);
  const test::ProcessResult text = tunrelay("compare base.json head.json");
  const test::ProcessResult done = tunrelay("compare base.json head.json --json");
  EXPECT_EQ(done.exit_code, text.exit_code) << done.describe();
  const auto json = nlohmann::json::parse(done.standard_output);
  EXPECT_EQ(json.at("format"), "tunrelay-comparison");
  EXPECT_EQ(json.at("base"), "base.json");
  EXPECT_EQ(json.at("head"), "head.json");
  EXPECT_THAT(text.standard_output,
              HasSubstr("the whole: " + json.at("verdict").get<std::string>() + "\n"));
  const nlohmann::json& halved = json.at("metrics").at(0);
  EXPECT_EQ(halved.at("metric"), "tcp_1_flow/throughput");
  EXPECT_EQ(halved.at("unit"), "bits_per_s");
  EXPECT_EQ(halved.at("verdict"), "worse");
  EXPECT_NEAR(halved.at("change"), -0.5, 0.01);
  EXPECT_LE(halved.at("low"), halved.at("change"));
  EXPECT_NEAR(halved.at("head").get<double>() / halved.at("base").get<double>(), 0.5, 0.01);
}

TEST_F(ReportCommandTest, AHistoryGrowsAndItsTrendNamesTheCommit) {
  for (int run = 0; run < 16; ++run) {
    Result result = test::full_result(static_cast<std::uint64_t>(run));
    result.started_utc = "2026-11-" + std::to_string(run + 10) + "T10:00:00Z";
    result.metrics.resize(1);
    for (Sample& sample : result.metrics[0].samples)
      if (run >= 9) sample.value *= 0.8;
    write_result(folder_ / "result.json", result);
    const test::ProcessResult done =
        tunrelay("report result.json --csv history.csv --commit c" + std::to_string(run));
    ASSERT_TRUE(done.succeeded()) << done.describe();
  }
  const test::ProcessResult text = tunrelay("trend history.csv --fail-within 7");
  EXPECT_EQ(text.exit_code, 4) << text.describe();
  EXPECT_THAT(text.standard_output, HasSubstr("c9 "));
  EXPECT_THAT(text.standard_output, HasSubstr("worse"));
  const test::ProcessResult json = tunrelay("trend history.csv --json --markdown trend.md");
  EXPECT_EQ(json.exit_code, 0) << "without --fail-within nothing fails: " << json.describe();
  const auto trends = nlohmann::json::parse(json.standard_output).at("trends");
  EXPECT_EQ(trends.at(0).at("changes").at(0).at("commit"), "c9");
  EXPECT_EQ(trends.at(0).at("changes").at(0).at("after_commit"), "c8");
  EXPECT_THAT(content("trend.md"), HasSubstr("| c9 |"));
}

TEST_F(ReportCommandTest, ManyMachinesAreMergedAndStayApart) {
  for (const int machine : {1, 2, 3}) {
    Result result = test::full_result(static_cast<std::uint64_t>(machine));
    for (Sample& sample : result.metrics[0].samples)
      if (machine == 3) sample.value *= 0.7;
    write_result(folder_ / "result.json", result);
    const std::string name = std::to_string(machine);
    ASSERT_TRUE(
        tunrelay("report result.json --json --machine node-" + name + " > " + name + ".json")
            .succeeded());
  }
  const test::ProcessResult merged = tunrelay("merge 1.json 2.json 3.json --out all.json");
  EXPECT_TRUE(merged.succeeded()) << merged.describe();
  EXPECT_THAT(merged.standard_output + merged.standard_error, IsEmpty());
  EXPECT_EQ(tunrelay("merge 3.json 1.json 2.json").standard_output, content("all.json"));
  const test::ProcessResult report =
      tunrelay("report all.json --markdown - --csv history.csv --html page.html");
  EXPECT_TRUE(report.succeeded()) << report.describe();
  EXPECT_THAT(report.standard_output, HasSubstr("### Spread between machines"));
  EXPECT_THAT(report.standard_output, ::testing::ContainsRegex("Gbit/s [^|]*node-3"));
  EXPECT_THAT(content("page.html"), HasSubstr("Spread between machines"));
  const auto trends =
      nlohmann::json::parse(tunrelay("trend history.csv --metric tcp_1 --json").standard_output);
  EXPECT_EQ(trends.at("trends").size(), 3U) << "a series a machine";

  Result other = test::full_result(4);
  other.asked["duration_ns"] = 7;
  write_result(folder_ / "other.json", other);
  const test::ProcessResult refused = tunrelay("merge 1.json other.json --out all.json");
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();
  EXPECT_THAT(refused.standard_error, HasSubstr("asked/duration_ns is missing in 1.json"));
  const test::ProcessResult forced = tunrelay("merge 1.json other.json --force --out all.json");
  EXPECT_TRUE(forced.succeeded()) << forced.describe();
  EXPECT_THAT(forced.standard_error, HasSubstr("note: asked/duration_ns"));
}

TEST_F(ReportCommandTest, RefusesFilesThatAreNone) {
  write_result(folder_ / "result.json", test::full_result());
  folder_.write("half.json", content("result.json").substr(0, 5000));
  folder_.write("foreign.json", R"({"context": {}, "benchmarks": []})");
  folder_.write("empty.json", "");
  folder_.write("page.html", "<html>");
  struct Case {
    const char* arguments;
    int exit_code;
    const char* message;
  };
  const Case cases[] = {
      {"report half.json", 2, "half.json"},
      {"report foreign.json", 2, "foreign.json"},
      {"report empty.json", 2, "empty.json"},
      {"report nothing.json", 2, "nothing.json"},
      {"report .", 2, "could not"},
      {"report", 2, "results is required"},
      {"compare result.json half.json", 2, "half.json"},
      {"compare foreign.json result.json", 2, "foreign.json"},
      {"report result.json --base half.json --html page.html", 2, "half.json"},
      {"report result.json --csv page.html", 2, "page.html"},
      {"report result.json --html /nowhere/page.html", 3, "/nowhere/page.html"},
      {"merge result.json result.json", 2, "count twice"},
      {"merge half.json", 2, "half.json"},
      {"trend nothing.csv", 2, "nothing.csv"},
      {"trend page.html", 2, "page.html"},
      {"trend result.json --alpha 2", 2, "alpha"},
      {"trend result.json --min-effect=-1", 2, "percentage '-1'"},
  };
  for (const Case& one : cases) {
    const test::ProcessResult done = tunrelay(one.arguments);
    EXPECT_EQ(done.exit_code, one.exit_code) << one.arguments << ": " << done.describe();
    EXPECT_THAT(done.standard_error, HasSubstr(one.message)) << one.arguments;
    EXPECT_THAT(done.standard_output, IsEmpty()) << one.arguments;
  }
  EXPECT_EQ(content("page.html"), "<html>") << "what stood there was not touched";
}

}  // namespace
}  // namespace tunrelay
