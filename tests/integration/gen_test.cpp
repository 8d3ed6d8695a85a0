// SPDX-License-Identifier: MIT
// The generator across a tunnel, as a user calls it: what it says agrees with what the relay saw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/hdr_log.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GenTest : public test::PrivateNetwork {
 protected:
  /// `tunrelay exec -- tunrelay gen ARGUMENTS`, which must succeed; its result and the tunnel's
  /// summary.
  // NOLINTNEXTLINE(bugprone-exception-escape): nlohmann::json moves without an exception
  struct Run {
    nlohmann::json result;
    nlohmann::json summary;
  };
  static Run across_a_tunnel(const std::string& arguments) {
    const std::string program = test::program();
    const test::ProcessResult done =
        test::run_shell(program + " exec -q --summary-file /run/summary -- " + program +
                        " gen -i 0 " + arguments + " --json; echo; cat /run/summary");
    EXPECT_TRUE(done.succeeded()) << done.describe();
    const std::size_t split = done.standard_output.rfind("\n{");
    Run run;
    run.result = nlohmann::json::parse(done.standard_output.substr(0, split), nullptr, false);
    run.summary = nlohmann::json::parse(done.standard_output.substr(split), nullptr, false);
    EXPECT_TRUE(run.result.is_object() && run.summary.is_object()) << done.describe();
    return run;
  }

  static double value_of(const nlohmann::json& result, const std::string& metric) {
    for (const nlohmann::json& one : result.at("metrics"))
      if (one.at("name") == metric) return one.at("samples").at(0).at("value").get<double>();
    ADD_FAILURE() << "no metric " << metric;
    return -1;
  }
};

TEST_F(GenTest, EveryDatagramIsAccountedFor) {
  const Run run = across_a_tunnel("192.168.13.1 192.168.13.2 --pps 2000 -n 1000 --max-slip 1s");
  EXPECT_EQ(value_of(run.result, "loss"), 0);
  EXPECT_EQ(value_of(run.result, "duplicates"), 0);
  EXPECT_EQ(value_of(run.result, "corrupt"), 0);
  EXPECT_GT(value_of(run.result, "one_way_p50"), 0);
  EXPECT_GE(run.summary.at("a_to_b").at("read").at("segments").get<int>(), 1000);
}

TEST_F(GenTest, EachDirectionHasASeriesOfItsOwn) {
  const auto names_of = [](const nlohmann::json& result) {
    std::vector<std::string> names;
    for (const nlohmann::json& series : result.at("series")) {
      names.push_back(series.at("name"));
      double messages = 0;
      for (const nlohmann::json& rate : series.at("values"))
        messages += rate.get<double>() * series.at("interval_s").get<double>() / 8 / 64;
      EXPECT_NEAR(messages, 1000, 300) << series.at("name");
    }
    return names;
  };
  const std::string load =
      "192.168.13.1 192.168.13.2 --pps 1000 -t 1s -i 100ms --max-slip 1s --size 64 ";
  EXPECT_THAT(names_of(across_a_tunnel(load + "--bidir").result),
              ElementsAre("throughput", "reverse_throughput"));
  EXPECT_THAT(names_of(across_a_tunnel(load + "--reverse").result),
              ElementsAre("reverse_throughput"));
  EXPECT_THAT(names_of(across_a_tunnel(load).result), ElementsAre("throughput"));
}

TEST_F(GenTest, AnIntervalHasALineForEachDirection) {
  const test::ProcessResult done =
      test::run(test::split(test::program() + " exec -q " + test::program() +
                            " gen 192.168.13.1 192.168.13.2 --bidir --pps 1000 -t 300ms -i 100ms "
                            "--max-slip 1s"));
  EXPECT_TRUE(done.succeeded()) << done.describe();
  EXPECT_THAT(done.standard_error,
              ::testing::ContainsRegex("   0.0 to 0.[0-9] s  forward: sent [0-9]+, received .*\n"
                                       "                 reverse: sent [0-9]+, received .*\n"));
}

TEST_F(GenTest, RoundTripsOverIpv6) {
  const Run run = across_a_tunnel("fd13::1 fd13::2 --request-response -n 100 -t 20s");
  EXPECT_GT(value_of(run.result, "round_trip_p50"), value_of(run.result, "one_way_p50"));
  EXPECT_GT(run.summary.at("b_to_a").at("read").at("segments").get<int>(), 50);
}

TEST_F(GenTest, TcpUsesTheRequestedCongestionControl) {
  const Run run = across_a_tunnel("192.168.13.1 192.168.13.2 --tcp -C reno -t 300ms");
  EXPECT_GT(value_of(run.result, "throughput"), 1e6);
  EXPECT_EQ(run.result.at("done").at("congestion_control"), "reno");
}

TEST_F(GenTest, AServerServesAClientAcrossTheTunnel) {
  const std::string program = test::program();
  const test::ProcessResult done =
      test::run_shell(program + " exec -q -- sh -euc '" + program +
                      " gen --server --bind 192.168.13.2 --once >/run/messages & "
                      "until grep -q ready /run/messages; do sleep 0.01; done; " +
                      program +
                      " gen --client 192.168.13.2 --bind 192.168.13.1 --bidir --pps 1000 -t 300ms "
                      "--max-slip 1s -i 100ms 2>/run/intervals; wait'; cat /run/intervals");
  EXPECT_TRUE(done.succeeded()) << done.describe();
  EXPECT_THAT(done.standard_output, HasSubstr("forward: 300 messages"));
  EXPECT_THAT(done.standard_output, HasSubstr("reverse: 300 messages"));
}

TEST_F(GenTest, TheLatencyLogHasALineAnInterval) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "latency.hlog";
  const Run run = across_a_tunnel(
      "192.168.13.1 192.168.13.2 --request-response --pps 1000 -t 500ms --max-slip 1s "
      "-i 100ms --hdr-log " +
      path);
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, int> lines;
  read_hdr_log(test::content_of(path), path, [&](const HdrLogInterval& interval) {
    counts[interval.tag] += interval.histogram.count();
    ++lines[interval.tag];
    EXPECT_LT(interval.length_s, 0.45);
  });
  EXPECT_GE(lines["round_trip/subject"], 2);
  EXPECT_GE(lines["one_way/subject"], 2);
  for (const nlohmann::json& one : run.result.at("distributions")) {
    const std::string name = one.at("name");
    if (name == "slip") continue;
    EXPECT_EQ(counts[name + "/subject"],
              name == "one_way_back" ? 0U : one.at("count").get<std::uint64_t>())
        << name;
  }
}

TEST_F(GenTest, RefusesWhatCanNotBe) {
  struct Case {
    const char* arguments;
    int exit_code;
    const char* message;
  };
  const Case cases[] = {
      {"", 2, "not said between which addresses"},
      {"127.0.0.1 ::1", 2, "one is IPv4, the other IPv6"},
      {"127.0.0.1 127.0.0.1 -b 10mbps", 2, "ambiguous"},
      {"127.0.0.1 127.0.0.1 --pps many", 2, "packets a second"},
      {"127.0.0.1 127.0.0.1 --size 8", 2, "our header"},
      {"127.0.0.1 127.0.0.1 --frame-size 40", 2, "headers take"},
      {"127.0.0.1 127.0.0.1 --size 64 --imix", 2, "more than one"},
      {"127.0.0.1 127.0.0.1 --pps 10k --rate 1M", 2, "both given"},
      {"127.0.0.1 127.0.0.1 --pps 1000M", 2, "100 million"},
      {"127.0.0.1 127.0.0.1 --connections", 2, "UDP has none"},
      {"127.0.0.1 10.1.2.3 -t 100ms", 3, "10.1.2.3"},
      {"--client 127.0.0.1 -t 100ms", 1, "gen --server"},
      {"127.0.0.1 127.0.0.1 --out /nowhere/result.json", 3, "/nowhere"},
  };
  for (const Case& one : cases) {
    const test::ProcessResult done =
        test::run(test::split(test::program() + " gen " + one.arguments));
    EXPECT_EQ(done.exit_code, one.exit_code) << one.arguments << ": " << done.describe();
    EXPECT_THAT(done.standard_error, HasSubstr(one.message)) << one.arguments;
  }
}

}  // namespace
}  // namespace tunrelay
