// SPDX-License-Identifier: MIT
// `bench`: suites across a tunnel and the kernel's link, from the flags to the result's file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "record/record_text.hpp"
#include "result/result_json.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class BenchTest : public test::PrivateNetwork {
 protected:
  static test::ProcessResult bench(const std::string& arguments) {
    return test::run(test::split(test::program() + " bench " + arguments), std::chrono::minutes(2));
  }
  /// Runs a suite that must succeed, and reads its file.
  Result measured(const std::string& arguments) {
    const std::string path = folder_ / "result.json";
    const test::ProcessResult done = bench("-q --out " + path + " " + arguments);
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    return read_result(path);
  }

  test::TemporaryFolder folder_;
};

TEST_F(BenchTest, SmokeMeasuresSubjectAndControlSideBySide) {
  const Result result = measured("smoke -t 400ms");
  EXPECT_TRUE(result.complete);
  for (const char* name : {"tcp_1_flow/throughput", "udp_64/messages", "round_trip/messages"}) {
    const Metric* metric = result.find_metric(name);
    ASSERT_NE(metric, nullptr) << name;
    for (const char* link : {kSubject, kControl}) {
      EXPECT_THAT(valid_values(*metric, link), SizeIs(1)) << name << " " << link;
      EXPECT_THAT(valid_values(*metric, link), Each(Gt(0.0))) << name << " " << link;
    }
  }
  EXPECT_EQ(result.done.at("links").at("control").at("kind"), "veth");
  EXPECT_TRUE(result.environment.contains("kernel"));
}

TEST_F(BenchTest, RecordsTheTunnelWithAMarkForEachSample) {
  const std::string file = folder_ / "link.record";
  const Result result = measured("smoke -t 200ms -r 2 --record " + file +
                                 " --record-interval 10ms --flags=--queues=1");
  ASSERT_TRUE(result.complete);
  const Record record = read_record(file);
  EXPECT_TRUE(record.end);
  // Of each sample of the subject, in their order, with what it has carried in between.
  std::vector<std::string> marks;
  std::int64_t begun_ns = 0;
  for (const RecordEvent& event : record.events) {
    if (event.kind != "mark") continue;
    marks.push_back(event.text);
    if (event.text.ends_with(": begins")) begun_ns = event.at_ns;
    if (!event.text.ends_with(": ends")) continue;
    EXPECT_GE(event.at_ns - begun_ns, 200'000'000) << event.text;
    std::uint64_t segments = 0;
    for (const RecordInterval& interval : record.intervals)
      if (interval.from_ns >= begun_ns && interval.to_ns <= event.at_ns)
        segments += interval.directions[0].written.segments;
    EXPECT_GT(segments, 100U) << event.text;
  }
  ASSERT_EQ(marks.size(), 12U) << "three loads, two rounds";
  EXPECT_EQ(marks[0], "tcp_1_flow, round 1: begins");
  EXPECT_EQ(marks[1], "tcp_1_flow, round 1: ends");
  EXPECT_EQ(marks[11], "round_trip, round 2: ends");
  const std::string page = folder_ / "page.html";
  EXPECT_TRUE(test::run({test::program(), "report", file, "--html", page}).succeeded());
  EXPECT_THAT(test::content_of(page), HasSubstr("mark: udp_64, round 2: begins"));
}

TEST_F(BenchTest, AScenarioBeginsAgainWithEachSample) {
  const std::string file = folder_ / "link.record";
  const std::string scenario = folder_.write("steps.toml",
                                             "[[step]]\n"
                                             "a-to-b = \"rate 40mbit limit 50ms\"\n"
                                             "[[step]]\n"
                                             "at = \"300ms\"\n"
                                             "direction = \"a-to-b\"\n"
                                             "set = { rate = \"10mbit\" }\n");
  const Result result = measured("smoke -t 800ms --warm-up 0 -r 2 --control none --record " + file +
                                 " --record-interval 10ms --scenario " + scenario);
  EXPECT_EQ(result.asked.at("scenario"), scenario);
  const Record record = read_record(file);
  std::size_t samples = 0;
  std::int64_t begun_ns = -1;
  for (const RecordEvent& event : record.events) {
    if (event.kind == "mark" && event.text.ends_with(": begins")) begun_ns = event.at_ns;
    if (event.kind != "mark" || !event.text.ends_with(": ends")) continue;
    ++samples;
    for (const RecordInterval& interval : record.intervals) {
      if (interval.from_ns < begun_ns || interval.to_ns > event.at_ns) continue;
      const std::int64_t at_ns = interval.from_ns - begun_ns;
      const std::string& rate = record.link_of(interval).stages[0].at(0);
      if (at_ns < 200'000'000) {
        EXPECT_THAT(rate, HasSubstr("rate 40mbit")) << event.text;
      }
      if (at_ns > 600'000'000) {
        EXPECT_THAT(rate, HasSubstr("rate 10mbit")) << event.text;
      }
    }
  }
  EXPECT_EQ(samples, 6U);
  EXPECT_EQ(bench("smoke --scenario ./nowhere.toml").exit_code, 2);
}

TEST_F(BenchTest, LatencyUnderLoadIsReportedBesideThatAtRest) {
  // A busy machine may send too late at 90 % of the rate: those samples are invalid then, and the
  // exit code says so. Or no rate is carried without loss, and a note says so.
  const std::string path = folder_ / "latency.json";
  const test::ProcessResult done = bench("latency -q -t 200ms -r 1 --control none --out " + path);
  const Result result = read_result(path);
  ASSERT_NE(result.find_metric("round_trip/round_trip_p50"), nullptr) << done.describe();
  if (result.done.at("found_messages_per_s").get<double>() == 0) {
    EXPECT_THAT(result.notes, Contains(HasSubstr("no rate was found"))) << done.describe();
    return;
  }
  const Metric* loaded = result.find_metric("load_90/messages");
  ASSERT_NE(loaded, nullptr) << done.describe();
  if (valid_values(*loaded, kSubject).empty()) {
    EXPECT_EQ(done.exit_code, 1) << done.describe();
  }
  EXPECT_NE(result.find_metric("load_50/one_way_p50"), nullptr);
  EXPECT_GT(result.done.at("found_messages_per_s").get<double>(), 0);
}

TEST_F(BenchTest, RepeatsUntilTheTimeIsOverAndSaysWhatIsNotKnown) {
  const Result result =
      measured("mrr -t 50ms -r 2 --confidence 99.9,0.001% --time-limit 2s --control none");
  EXPECT_GT(result.find_metric("udp_64/messages")->samples.size(), 3U);
  EXPECT_THAT(result.notes, Contains(HasSubstr("udp_64/messages is")));
}

/// What is found on a machine that does other things may be less than the link's rate, or nothing;
/// never more.
TEST_F(BenchTest, SearchesForTheRateOfALimitedLinkTrialByTrial) {
  // 10,000 packets of 46 bytes (frames of 64) a second, and a queue that hides 10 in 100 ms.
  const std::string link = folder_ / "link.toml";
  std::ofstream(link) << "a-to-b = [\"rate 3680kbit limit 10 packets\"]\n";
  const std::string path = folder_ / "ndr.json";
  const test::ProcessResult done =
      test::run({test::program(), "bench", "ndr", "-q", "-t", "100ms", "--time-limit", "5s",
                 "--control", "none", "--flags", "--link " + link, "--out", path},
                std::chrono::minutes(2));
  const Result result = read_result(path);
  EXPECT_TRUE(result.complete) << done.describe();
  const Metric* ndr = result.find_metric("udp_64/ndr");
  ASSERT_NE(ndr, nullptr) << done.describe();
  for (const double rate : valid_values(*ndr, kSubject)) {
    EXPECT_GT(rate, 0);
    EXPECT_LE(rate, 10'000 * 1.05);
  }
  EXPECT_EQ(done.exit_code, valid_values(*ndr, kSubject).empty() ? 1 : 0) << done.describe();
  EXPECT_THAT(result.find_metric("udp_64/search_load")->samples, SizeIs(Gt(2U)));
}

TEST_F(BenchTest, JoinsIperf3WithTheLinksCounts) {
  const Result result = measured("iperf3 -t 1s -r 1 --congestion-control reno");
  EXPECT_THAT(valid_values(*result.find_metric("iperf3/throughput"), kSubject), Each(Gt(1e6)));
  EXPECT_THAT(valid_values(*result.find_metric("iperf3/cpu_per_segment"), kSubject), SizeIs(1));
  EXPECT_EQ(result.done.at("congestion_control"), "reno") << "neither our default nor the host's";
  EXPECT_THAT(result.series, Contains(::testing::Field(&Series::path, kSubject)));
}

TEST_F(BenchTest, Iperf3ThatFailsGivesAInvalidSampleAndExitCode1) {
  const std::string path = folder_ / "failed.json";
  const test::ProcessResult done =
      bench("iperf3 -q -t 1s -r 1 --control none --out " + path + " -- --congestion nonesuch");
  EXPECT_EQ(done.exit_code, 1) << done.describe();
  const Result result = read_result(path);
  const Metric* metric = result.find_metric("iperf3/throughput");
  ASSERT_NE(metric, nullptr);
  EXPECT_THAT(metric->samples.at(0).invalid_reason, HasSubstr("iperf3"));
}

TEST_F(BenchTest, WhatWasMeasuredBeforeASignalIsKept) {
  const std::string path = folder_ / "cut.json";
  test::BackgroundProcess bench(
      test::split(test::program() + " bench mrr -t 100ms -r 1000 --control none --out " + path));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!std::filesystem::exists(path) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  bench.send_signal(SIGINT);
  EXPECT_EQ(bench.wait().exit_code, 1);
  const Result result = read_result(path);
  EXPECT_FALSE(result.complete);
  EXPECT_THAT(result.find_metric("udp_64/messages")->samples, SizeIs(Gt(0U)));
}

TEST_F(BenchTest, RefusesWhatCanNotBe) {
  EXPECT_EQ(bench("warp").exit_code, 2);
  EXPECT_EQ(bench("smoke --control carrier-pigeon").exit_code, 2);
  EXPECT_EQ(bench("smoke --confidence 120").exit_code, 2);
  EXPECT_EQ(bench("smoke -t 5").exit_code, 2);
  const test::ProcessResult missing = bench("smoke --program /nonexistent/tunrelay");
  EXPECT_EQ(missing.exit_code, 3) << missing.describe();
  EXPECT_THAT(missing.standard_error, HasSubstr("/nonexistent/tunrelay"));
  const test::ProcessResult nowhere = bench("smoke --out /nonexistent/result.json");
  EXPECT_EQ(nowhere.exit_code, 3) << nowhere.describe();
}

}  // namespace
}  // namespace tunrelay
