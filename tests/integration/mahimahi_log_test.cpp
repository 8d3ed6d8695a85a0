// SPDX-License-Identifier: MIT
// `--mahimahi-log`: an independent reader of mm-link's format (mahimahi_log.py) finds the summary's
// totals and delays in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "support/priority.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using test::run;
using test::RunningTunnel;
using ::testing::HasSubstr;

class MahimahiLogTest : public test::PrivateNetwork {
 protected:
  MahimahiLogTest() { test::come_first(); }

  const test::TemporaryFolder folder_;
  const std::string prefix_ = folder_ / "log";

  [[nodiscard]] nlohmann::json read(const std::string& ending) const {
    const test::ProcessResult result =
        run({"python3", TUNRELAY_TESTS "/integration/mahimahi_log.py", prefix_ + ending});
    EXPECT_TRUE(result.succeeded()) << result.describe();
    return nlohmann::json::parse(result.standard_output);
  }
  static void send_traffic(const std::string& more) {
    const test::ProcessResult sent = run(test::split(
        test::program() + " gen 192.168.13.1 192.168.13.2 -i 0 --max-slip 10s " + more));
    ASSERT_TRUE(sent.succeeded()) << sent.describe();
  }
  /// The link of a file, since texts hold blanks.
  [[nodiscard]] std::string flags(const std::string& a_to_b) const {
    return "--mahimahi-log " + prefix_ + " --config " +
           folder_.write("link.toml", "a-to-b = \"" + a_to_b + "\"\n");
  }
};

/// The log has STAGE's packets: taken, passed and dropped.
void expect_totals(const nlohmann::json& log, const nlohmann::json& stage) {
  for (const auto& [kind, key] : {std::pair{"+", "taken"}, {"-", "passed"}, {"d", "dropped"}}) {
    EXPECT_EQ(log.at("totals").at(kind).at("packets"), stage.at(key).at("segments")) << key;
    EXPECT_EQ(log.at("totals").at(kind).at("bytes"), stage.at(key).at("bytes")) << key;
  }
}

TEST_F(MahimahiLogTest, OfATraceHasTheSummarysTotalsAndDelays) {
  // 12 Mbit/s: an opportunity a millisecond.
  const std::string trace = folder_.write("trace", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
  for (const char* queues : {"--queues 1", "--queues 2"}) {
    RunningTunnel tunnel(flags("delay 10ms, trace " + trace + " limit 50ms") + " " + queues);
    send_traffic("--rate 20mbit -l 1200 -t 1s -P 4");
    const nlohmann::json summary = tunnel.finish();
    const nlohmann::json log = read(".uplink");
    const nlohmann::json& stage = summary.at("link").at("a_to_b").at(1);
    EXPECT_GT(stage.at("dropped").at("segments"), 100);
    expect_totals(log, stage);
    for (const auto& [percentile, key] : {std::pair{"p50", "p50_ms"}, {"p99", "p99_ms"}})
      EXPECT_NEAR(stage.at("delay_ns").at(percentile).get<double>() / 1e6,
                  log.at(key).get<double>(), 1.1)
          << percentile;
    // An opportunity each millisecond, since the beginning.
    EXPECT_NEAR(log.at("totals").at("#").at("packets").get<double>(),
                log.at("last_ms").get<double>(), 3);
    EXPECT_EQ(log.at("totals").at("#").at("bytes").get<int>(),
              1504 * log.at("totals").at("#").at("packets").get<int>());
    EXPECT_EQ(summary.at("mahimahi_log").at("lost_events"), 0);
    EXPECT_EQ(summary.at("mahimahi_log").at("failure"), "");
    const nlohmann::json downlink = read(".downlink");
    EXPECT_EQ(downlink.at("totals").at("+").at("packets"), 0)
        << "there is no link of limited speed";
    EXPECT_TRUE(test::is_balanced(summary));
  }
}

TEST_F(MahimahiLogTest, CountsTheWireSegmentsOfSuperPackets) {
  RunningTunnel tunnel(flags("rate 50mbit limit 100ms"));
  send_traffic("--tcp -t 500ms");
  const nlohmann::json summary = tunnel.finish();
  const nlohmann::json& stage = summary.at("link").at("a_to_b").at(0);
  const nlohmann::json totals = read(".uplink").at("totals");
  EXPECT_EQ(totals.at("+").at("packets"), stage.at("taken").at("segments"));
  EXPECT_EQ(totals.at("-").at("packets"), stage.at("passed").at("segments"));
  // Each has headers of its own on a wire, where the summary counts those of the super-packet.
  EXPECT_GE(totals.at("-").at("bytes"), stage.at("passed").at("bytes"));
  EXPECT_NEAR(totals.at("#").at("bytes").get<double>() * 8 / 1e3 /
                  read(".uplink").at("last_ms").get<double>(),
              50, 1);
}

TEST_F(MahimahiLogTest, GoesOnWhereTheLinkIsChanged) {
  RunningTunnel tunnel(flags("rate 10mbit"));
  send_traffic("--pps 500 -l 1000 -t 300ms");
  ASSERT_TRUE(run({test::program(), "link", "set", "--a-to-b", "rate 20mbit"}).succeeded());
  send_traffic("--pps 500 -l 1000 -t 300ms");
  ASSERT_TRUE(run({test::program(), "link", "clear"}).succeeded());
  send_traffic("--pps 500 -l 1000 -t 100ms");
  tunnel.finish();
  EXPECT_THAT(test::content_of(prefix_ + ".uplink"), HasSubstr("# link: rate 20mbit\n"));
  const nlohmann::json totals = read(".uplink").at("totals");
  EXPECT_GE(totals.at("-").at("packets"), 290);
  EXPECT_LE(totals.at("-").at("packets"), 330) << "not those without a link";
  EXPECT_EQ(totals.at("+"), totals.at("-"));
}

TEST_F(MahimahiLogTest, AFullDiskEndsTheLogAndNotTheLink) {
  const test::SmallDisk disk;
  RunningTunnel tunnel("--mahimahi-log " + (disk.folder() / "log") + " --link lte");
  send_traffic("--rate 50mbit -l 100 -t 3s");
  EXPECT_TRUE(
      tunnel.wait_for_event("note", "mahimahi's log has ended", std::chrono::milliseconds{10'000}));
  const nlohmann::json summary = tunnel.finish();
  EXPECT_THAT(summary.at("mahimahi_log").at("failure").get<std::string>(),
              HasSubstr("No space left"));
  EXPECT_TRUE(test::is_balanced(summary));
}

TEST_F(MahimahiLogTest, WhereItCanNotBeNothingIsSetUp) {
  const test::ProcessResult refused =
      run({test::program(), "run", "--mahimahi-log", "/nowhere/log"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_THAT(refused.standard_error, HasSubstr("could not write the log /nowhere/log.uplink"));
}

}  // namespace
}  // namespace tunrelay
