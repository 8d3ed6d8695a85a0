// SPDX-License-Identifier: MIT
// The generator when something goes wrong under way: nothing that was measured is lost, what went
// wrong is named, and soon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "metrics/hdr_log.hpp"
#include "result/result_json.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/sample_results.hpp"
#include "support/temporary_folder.hpp"
#include "support/tunnel_process.hpp"

namespace tunrelay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Long enough for a machine with much to do, far less than a client's patience was.
constexpr std::chrono::seconds kSoon{15};

class GenFaultTest : public test::PrivateNetwork {
 protected:
  static test::Command gen(const std::string& arguments) {
    return test::split(test::program() + " gen " + arguments);
  }
  /// Waits until a client has printed its first interval.
  static void wait_for_traffic(test::BackgroundProcess& client) {
    ASSERT_TRUE(client.wait_for_line("   0.0 to", kSoon)) << client.standard_error();
  }
  /// A value of the only sample of METRIC.
  static double sample_of(const Result& result, const char* metric) {
    const Metric* found = result.find_metric(metric);
    return found == nullptr || found->samples.empty() ? -1 : found->samples.front().value;
  }
};

TEST_F(GenFaultTest, ADeadServerIsNamedAndWhatWasMeasuredIsKept) {
  const test::TemporaryFolder folder;
  test::BackgroundProcess server(gen("--server --bind 127.0.0.1"));
  ASSERT_TRUE(server.wait_for_line("ready", kSoon));
  test::BackgroundProcess client(
      gen("--client 127.0.0.1 --request-response --pps 1000 -t 60s "
          "--max-slip 1s -i 100ms --out " +
          folder / "result.json"));
  wait_for_traffic(client);
  server.send_signal(SIGKILL);
  const test::ProcessResult done = client.wait(kSoon);
  EXPECT_FALSE(done.timed_out);
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.standard_output, AllOf(HasSubstr("the load server at 127.0.0.1 port 5213"),
                                          HasSubstr("round trip  p50")));
  const Result result = read_result(folder / "result.json");
  EXPECT_FALSE(result.complete);
  EXPECT_GT(result.duration_s, 0);
  ASSERT_FALSE(result.distributions.empty());
  EXPECT_GT(result.distributions.front().histogram.count(), 20U);
  EXPECT_GT(sample_of(result, "throughput"), 0) << "of the time that the trial had";
}

TEST_F(GenFaultTest, WhatADeadServerHadReceivedIsKept) {
  const test::TemporaryFolder folder;
  test::BackgroundProcess server(gen("--server --bind 127.0.0.1"));
  ASSERT_TRUE(server.wait_for_line("ready", kSoon));
  test::BackgroundProcess client(
      gen("--client 127.0.0.1 --pps 1000 -t 60s --max-slip 1s -i 100ms --out " +
          folder / "result.json"));
  wait_for_traffic(client);
  server.send_signal(SIGKILL);
  EXPECT_EQ(client.wait(kSoon).exit_code, 1);
  const Result result = read_result(folder / "result.json");
  ASSERT_FALSE(result.distributions.empty());
  EXPECT_EQ(result.distributions.front().name, "one_way");
  EXPECT_GT(result.distributions.front().histogram.count(), 20U);
}

TEST_F(GenFaultTest, AKilledTrialLeavesWhatItHadMeasured) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "result.json";
  const std::string log = folder / "latency.hlog";
  test::BackgroundProcess client(
      gen("127.0.0.1 127.0.0.1 --request-response --pps 1000 -t 60s --max-slip 1s -i 50ms --out " +
          path + " --hdr-log " + log));
  const auto has_measured = [&] {
    if (!std::filesystem::exists(path)) return false;
    const Result result = read_result(path);  // whole at any moment
    return sample_of(result, "throughput") > 0 && result.series.front().values.size() > 3;
  };
  ASSERT_TRUE(test::eventually(kSoon, has_measured)) << client.standard_error();
  client.send_signal(SIGKILL);
  ASSERT_EQ(client.wait().signal, SIGKILL);
  const Result result = read_result(path);
  EXPECT_FALSE(result.complete);
  EXPECT_THAT(result.notes,
              ElementsAre(AllOf(HasSubstr("Written when "), HasSubstr(" of 60.0 s"))));
  EXPECT_GT(result.duration_s, 0.1);
  EXPECT_LT(result.duration_s, 60);
  ASSERT_FALSE(result.distributions.empty());
  EXPECT_GT(result.distributions.front().histogram.count(), 50U);
  std::uint64_t logged = 0;
  read_hdr_log(test::content_of(log), log, [&](const HdrLogInterval& interval) {
    if (interval.tag == "round_trip/subject") logged += interval.histogram.count();
  });
  EXPECT_GT(logged, 50U);
  const test::ProcessResult shown = test::run({test::program(), "report", path});
  EXPECT_THAT(shown.standard_output, HasSubstr("Written when ")) << shown.describe();
}

TEST_F(GenFaultTest, AServerThatWasStartedAgainServes) {
  for (int start = 0; start < 2; ++start) {
    test::BackgroundProcess server(gen("--server --bind 127.0.0.1"));
    ASSERT_TRUE(server.wait_for_line("ready", kSoon)) << server.standard_error();
    const test::ProcessResult done =
        test::run(gen("--client 127.0.0.1 --tcp -t 100ms --max-slip 1s -i 0"));
    EXPECT_TRUE(done.succeeded()) << done.describe();
    server.send_signal(SIGKILL);
  }
}

TEST_F(GenFaultTest, ASecondClientIsTurnedAwayAtOnce) {
  test::BackgroundProcess server(gen("--server --bind 127.0.0.1"));
  ASSERT_TRUE(server.wait_for_line("ready", kSoon));
  test::BackgroundProcess first(gen("--client 127.0.0.1 --pps 1000 -t 60s --max-slip 1s -i 100ms"));
  wait_for_traffic(first);
  const test::ProcessResult second = test::run(gen("--client 127.0.0.1 -t 100ms"), kSoon);
  EXPECT_EQ(second.exit_code, 1) << second.describe();
  EXPECT_THAT(second.standard_error, HasSubstr("serving another client"));
  EXPECT_TRUE(first.is_running()) << "the first goes on";
  first.send_signal(SIGINT);
  const test::ProcessResult done = first.wait(kSoon);
  EXPECT_FALSE(done.timed_out) << "a signal ends it long before its time";
  EXPECT_THAT(done.standard_output, AllOf(HasSubstr("cut short"), HasSubstr("one way")));
  const test::ProcessResult third =
      test::run(gen("--client 127.0.0.1 --pps 1000 -t 100ms --max-slip 1s -i 0"), kSoon);
  EXPECT_TRUE(third.succeeded()) << "the server is free again: " << third.describe();
}

TEST_F(GenFaultTest, ARateOverTheMachinesReachIsVoid) {
  const test::ProcessResult done = test::run(gen("127.0.0.1 127.0.0.1 --pps 90M -t 200ms -i 0"));
  EXPECT_EQ(done.exit_code, 1) << done.describe();
  EXPECT_THAT(done.standard_output, HasSubstr("invalid: the sender could not keep the rate"));
  EXPECT_THAT(done.standard_output, HasSubstr("sends late")) << "by how much it was over";
}

TEST_F(GenFaultTest, AFullDiskTakesNothingAway) {
  const test::TemporaryFolder folder;
  const std::string small = folder / "small";
  const std::string script =
      "mkdir " + small + "; mount -t tmpfs -o size=64k none " + small + "; cd " + small +
      "; echo '{}' > result.json; head -c 50k /dev/zero > filler; " + test::program() +
      " gen 127.0.0.1 127.0.0.1 --pps 1000 -t 500ms --max-slip 1s -i 100ms --out result.json "
      "--html page.html --junit junit.xml";
  const test::ProcessResult done = test::run_shell(script);
  EXPECT_EQ(done.exit_code, 1) << done.describe();
  EXPECT_THAT(done.standard_output, HasSubstr("one way     p50")) << "it was printed before";
  EXPECT_THAT(done.standard_error, AllOf(HasSubstr("No space left"), HasSubstr("make room")));
  EXPECT_THAT(done.standard_error, HasSubstr("is printed at the end all the same"));
  EXPECT_EQ(test::content_of(small + "/result.json"), "{}\n") << "what stood there stands";
  EXPECT_THAT(test::content_of(small + "/junit.xml"), HasSubstr("</testsuites>"));
  EXPECT_THAT(test::output_of({"ls", "-A", small}), ::testing::Not(HasSubstr(".result")))
      << "no piece of a file is left";
  EXPECT_TRUE(test::run_shell("umount " + small).succeeded());
}

TEST_F(GenFaultTest, FormsThatFitAreWrittenBesideOneThatDoesNot) {
  const test::TemporaryFolder folder;
  const std::string small = folder / "small";
  write_result(folder / "result.json", test::full_result());
  const test::ProcessResult done = test::run_shell(
      "mkdir " + small + "; mount -t tmpfs -o size=64k none " + small + "; cd " + small + "; " +
      test::program() +
      " report ../result.json --html page.html --junit junit.xml --csv history.csv");
  EXPECT_EQ(done.exit_code, 1) << done.describe();
  EXPECT_THAT(done.standard_error, AllOf(HasSubstr("page.html"), HasSubstr("No space left")));
  EXPECT_THAT(test::content_of(small + "/junit.xml"), HasSubstr("</testsuites>"));
  EXPECT_THAT(test::content_of(small + "/history.csv"), HasSubstr("udp_64/cpu"));
  EXPECT_THAT(test::content_of(small + "/page.html"), IsEmpty());
  EXPECT_TRUE(test::run_shell("umount " + small).succeeded());
}

}  // namespace
}  // namespace tunrelay
