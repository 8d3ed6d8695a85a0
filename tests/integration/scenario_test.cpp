// SPDX-License-Identifier: MIT
// Links that change under load: what is queued stays, and a scenario's changes are where it says,
// in the record too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "record/record_text.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using std::chrono::milliseconds;
using test::ProcessResult;
using test::RunningTunnel;
using ::testing::HasSubstr;

class ScenarioTest : public test::PrivateNetwork {
 protected:
  const test::TemporaryFolder folder_;

  static test::Command load(const std::string& more) {
    return test::split(test::program() +
                       " gen 192.168.13.1 192.168.13.2 -i 0 --max-slip 10s --json " + more);
  }
  static ProcessResult call_link(test::Command arguments) {
    arguments.insert(arguments.begin(), {test::program(), "link"});
    return test::run(arguments);
  }
  static double value_of(const nlohmann::json& result, const std::string& metric) {
    for (const nlohmann::json& one : result.at("metrics"))
      if (one.at("name") == metric) return one.at("samples").at(0).at("value").get<double>();
    ADD_FAILURE() << "no metric " << metric;
    return -1;
  }
  /// Bits a second that the direction a to b has written between two moments, after ready.
  static double written_bits_per_s(const Record& record, double from_s, double to_s) {
    double bits = 0;
    double seconds = 0;
    for (const RecordInterval& interval : record.intervals) {
      const double from = static_cast<double>(interval.from_ns) / 1e9;
      const double to = static_cast<double>(interval.to_ns) / 1e9;
      if (from < from_s || to > to_s) continue;
      bits += static_cast<double>(interval.directions[0].written.bytes) * 8;
      seconds += to - from;
    }
    return bits / seconds;
  }
};

class LinkChangeTest : public ScenarioTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(LinkChangeTest, ARateThatChangesUnderLoadLosesAndReordersNothing) {
  const std::string queue = " limit 60000 packets";
  RunningTunnel tunnel("--config " +
                       folder_.write("link.toml", "a-to-b = \"rate 2mbit" + queue + "\"\n") + " " +
                       GetParam());
  test::BackgroundProcess sender(load("--rate 8mbit -l 1000 -t 2s -P 4"));
  for (const char* rate : {"rate 1mbit", "rate 4mbit", "rate 500kbit", "rate 100mbit"}) {
    std::this_thread::sleep_for(milliseconds{400});
    const ProcessResult set = call_link({"set", "--a-to-b", rate + queue});
    ASSERT_TRUE(set.succeeded()) << set.describe();
    EXPECT_THAT(set.standard_output, HasSubstr("a_to_b  changed in place\n"));
  }
  const ProcessResult sent = sender.wait(milliseconds{20'000});
  ASSERT_TRUE(sent.succeeded()) << sent.describe();
  const auto result = nlohmann::json::parse(sent.standard_output);
  EXPECT_EQ(value_of(result, "loss"), 0);
  EXPECT_EQ(value_of(result, "reordered"), 0);
  const nlohmann::json summary = tunnel.finish();
  EXPECT_TRUE(test::is_balanced(summary));
  EXPECT_EQ(summary.at("link_set_ns"), 0) << "nothing was replaced";
  const nlohmann::json& stage = summary.at("link").at("a_to_b").at(0);
  EXPECT_EQ(stage.at("stage"), "rate 100mbit" + queue);
  EXPECT_GE(stage.at("taken").at("segments"), 2000) << "it counts on";
  EXPECT_EQ(stage.at("dropped").at("segments"), 0);
  EXPECT_GT(stage.at("since_read_ns").at("highest"), 500'000'000) << "there was a backlog";
}

INSTANTIATE_TEST_SUITE_P(Queues, LinkChangeTest,
                         ::testing::Values("--queues 1", "--queues 2", "--queues 4",
                                           "--queues 2 --engine syscall"));

TEST_F(ScenarioTest, ARateOfStepsIsInTheRecordWithinAnInterval) {
  const std::string scenario =
      folder_.write("x.toml",
                    "[[step]]\na-to-b = \"rate 20mbit limit 20ms\"\n"
                    "[[step]]\nat = \"1s\"\ndirection = \"a-to-b\"\nset = { rate = \"5mbit\" }\n"
                    "[[step]]\nat = \"2s\"\ndirection = \"a-to-b\"\nset = { rate = \"10mbit\" }\n");
  const std::string file = folder_ / "link.record";
  RunningTunnel tunnel("--scenario " + scenario + " --record " + file + " --record-interval 100ms");
  ASSERT_TRUE(test::run(load("--rate 40mbit -l 1400 -t 2900ms")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  const Record record = read_record(file);
  ASSERT_EQ(record.links.size(), 3U);
  for (std::size_t step = 1; step < 3; ++step) {
    const double late_s =
        static_cast<double>(record.links[step].at_ns) / 1e9 - static_cast<double>(step);
    EXPECT_GE(late_s, 0);
    EXPECT_LT(late_s, 0.1) << "within an interval";
  }
  EXPECT_EQ(record.links[1].stages[0].at(0), "rate 5mbit limit 20ms");
  EXPECT_NEAR(written_bits_per_s(record, 0.4, 0.95) / 20e6, 1, 0.05);
  EXPECT_NEAR(written_bits_per_s(record, 1.25, 1.95) / 5e6, 1, 0.05);
  EXPECT_NEAR(written_bits_per_s(record, 2.25, 2.85) / 10e6, 1, 0.05);
  std::size_t events = 0;
  for (const RecordEvent& event : record.events)
    if (event.kind == "scenario") {
      ++events;
      EXPECT_THAT(event.text, HasSubstr("(changed in place)"));
    }
  EXPECT_EQ(events, 2U);
  const nlohmann::json& played = summary.at("scenario");
  EXPECT_EQ(played.at("state"), "over");
  EXPECT_EQ(played.at("changes"), 2);
  EXPECT_EQ(played.at("replaced"), 0);
  EXPECT_LT(played.at("max_late_ns"), 100'000'000);
}

TEST_F(ScenarioTest, OneThatStartsWithTrafficWaitsForIt) {
  const std::string scenario = folder_.write(
      "x.toml", "start = \"traffic\"\n[[step]]\nat = \"10ms\"\na-to-b = \"mtu 1000\"\n");
  RunningTunnel tunnel("--scenario " + scenario + " --path-check-interval 50ms");
  std::this_thread::sleep_for(milliseconds{300});
  EXPECT_THAT(call_link({"show", "--json"}).standard_output, HasSubstr("\"state\":\"waiting\""));
  ASSERT_TRUE(test::run(test::split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  EXPECT_TRUE(test::eventually(milliseconds{2'000}, [] {
    return call_link({"show"}).standard_output.find("a_to_b  outage at 0 for 0, mtu 1000") !=
               std::string::npos ||
           call_link({"show"}).standard_output.find("a_to_b  mtu 1000") != std::string::npos;
  }));
}

TEST_F(ScenarioTest, OneIsPlayedAndStoppedOnARunningRelay) {
  RunningTunnel tunnel("--queues 2");
  folder_.write("t.csv", "time_ms,delay_ms\n0,1\n50,2\n100,3\n");
  const std::string file =
      folder_.write("x.toml",
                    "[[step]]\nlink = \"lte\"\n[[step]]\ntrace = \"t.csv\"\nevery = \"150ms\"\n"
                    "[[step]]\nat = \"300ms\"\noutage = \"1h\"\n");
  const ProcessResult begun = call_link({"scenario", file, "--seed", "7"});
  ASSERT_TRUE(begun.succeeded()) << begun.describe();
  EXPECT_THAT(begun.standard_output, HasSubstr("a_to_b  replaced\n"));
  EXPECT_THAT(begun.standard_output, HasSubstr("seed    7\n"));
  std::this_thread::sleep_for(milliseconds{500});
  EXPECT_FALSE(test::run(test::split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  const ProcessResult stopped = call_link({"scenario", "--stop"});
  ASSERT_TRUE(stopped.succeeded()) << stopped.describe();
  EXPECT_THAT(stopped.standard_output, HasSubstr("a_to_b  changed in place\n"));
  EXPECT_TRUE(test::run(test::split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  EXPECT_EQ(call_link({"scenario", "--stop"}).exit_code, 2) << "none plays";
  const nlohmann::json summary = tunnel.finish();
  EXPECT_EQ(summary.at("scenario").at("state"), "stopped");
  EXPECT_GE(summary.at("scenario").at("changes"), 5);
  EXPECT_TRUE(test::is_balanced(summary));
}

TEST_F(ScenarioTest, ABadFileLeavesTheLinkAndTheScenario) {
  RunningTunnel tunnel("--scenario flapping-link");
  const std::string bad = folder_.write("x.toml", "[[step]]\nat = \"1s\"\na-to-b = \"dely 3ms\"\n");
  const ProcessResult refused = call_link({"scenario", bad});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.standard_error, HasSubstr("x.toml:3:10: 'dely' is not a stage"));
  const std::string filter =
      folder_.write("y.toml", "[[step]]\nat = \"1s\"\na-to-b = 'loss 1% if \"no filter\"'\n");
  const ProcessResult late = call_link({"scenario", filter});
  EXPECT_EQ(late.exit_code, 2);
  EXPECT_THAT(late.standard_error, HasSubstr("y.toml:3:10: "));
  EXPECT_EQ(test::run({test::program(), "run", "--scenario", bad}).exit_code, 2);
  const nlohmann::json summary = tunnel.finish();
  EXPECT_EQ(summary.at("scenario").at("state"), "playing");
  EXPECT_EQ(summary.at("scenario").at("name"), "flapping-link");
}

TEST_F(ScenarioTest, ALinkThatIsSetEndsTheScenario) {
  RunningTunnel tunnel("--scenario leo-satellite");
  ASSERT_TRUE(call_link({"set", "--a-to-b", "mtu 1000"}).succeeded());
  std::this_thread::sleep_for(milliseconds{1'200});
  EXPECT_THAT(call_link({"show"}).standard_output, HasSubstr("a_to_b  mtu 1000\n"));
  EXPECT_EQ(tunnel.finish().at("scenario").at("state"), "stopped");
}

}  // namespace
}  // namespace tunrelay
