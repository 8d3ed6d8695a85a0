// SPDX-License-Identifier: MIT
// `--metrics`: what a Prometheus server gets of a running tunnel is what its report says; the
// dashboard's and the alerts' expressions hold for it; and whoever asks wrongly harms nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/prometheus.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using test::run;
using test::RunningTunnel;
using test::split;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kTarget = "127.0.0.1:9469";
constexpr const char* kUrl = "http://127.0.0.1:9469/metrics";

class MetricsTest : public test::PrivateNetwork {
 protected:
  const test::TemporaryFolder folder_;

  static nlohmann::json report() {
    return nlohmann::json::parse(test::output_of({test::program(), "link", "show", "--json"}))
        .at("report");
  }
  static void send_traffic() {
    const test::ProcessResult sent = run(
        split(test::program() + " gen 192.168.13.1 192.168.13.2 --rate 30mbit -l 1200 -t 1s -i 0 "
                                "--max-slip 10s"));
    ASSERT_TRUE(sent.succeeded()) << sent.describe();
  }
  static std::string status_of(const std::vector<std::string>& more) {
    std::vector<std::string> command{"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", kUrl};
    command.insert(command.end(), more.begin(), more.end());
    return run(command).standard_output;
  }
};

/// What Prometheus has in TALLY of both directions, in the three units.
void expect_tallies(const test::Prometheus& prometheus, const nlohmann::json& report) {
  for (const std::string direction : {"a_to_b", "b_to_a"})
    for (const std::string tally : {"read", "made", "written"})
      for (const auto& [unit, key] :
           {std::pair{"packets", "packets"}, {"wire_segments", "segments"}, {"bytes", "bytes"}}) {
        const std::string metric =
            "tunrelay_" + tally + "_" + unit + "_total{direction='" + direction + "'}";
        EXPECT_EQ(prometheus.value(metric), report.at(direction).at(tally).at(key).get<double>())
            << metric;
      }
}

TEST_F(MetricsTest, AreTheReportsAsPrometheusScrapesThem) {
  RunningTunnel tunnel(std::string("--flows --queues 2 --path-check-interval 0 --metrics ") +
                       kTarget);
  const test::ProcessResult set =
      run({test::program(), "link", "set", "--a-to-b", "delay 3ms, rate 20mbit limit 20ms"});
  ASSERT_TRUE(set.succeeded()) << set.describe();
  test::Prometheus prometheus(kTarget);
  send_traffic();
  nlohmann::json before;
  nlohmann::json after = report();
  const auto counts = [](const nlohmann::json& of) {
    return std::pair{of.at("a_to_b"), of.at("b_to_a")};
  };
  for (int times = 0; times < 20 && (before.is_null() || counts(before) != counts(after));
       ++times) {
    before = after;
    prometheus.look_at_next_scrape();
    after = report();
  }
  // Nothing has come between the two reports, and the scrape lies between them.
  ASSERT_EQ(counts(before), counts(after)) << "something sends all the time";
  expect_tallies(prometheus, after);
  const nlohmann::json& queue = after.at("link").at("a_to_b").at(1);
  const std::string of_queue = "{direction='a_to_b',position='2'}";
  EXPECT_EQ(prometheus.value("tunrelay_stage_dropped_wire_segments_total"
                             "{direction='a_to_b',position='2',reason='queue_full'}"),
            queue.at("dropped_by_reason").at("queue_full").at("segments").get<double>());
  EXPECT_EQ(prometheus.value("sum(tunrelay_stage_dropped_wire_segments_total" + of_queue + ")"),
            queue.at("dropped").at("segments").get<double>());
  EXPECT_GT(queue.at("dropped").at("segments"), 100);
  EXPECT_EQ(prometheus.value("tunrelay_stage_delay_seconds_count" + of_queue),
            queue.at("delay_ns").at("count").get<double>());
  const auto p50 = prometheus.value("histogram_quantile(0.5, tunrelay_stage_delay_seconds_bucket" +
                                    of_queue + ")");
  ASSERT_TRUE(p50);
  EXPECT_GT(*p50, 0.010) << "a full queue of 20 ms";
  EXPECT_LE(*p50, 0.025);
  for (const auto& [reason, dropped] : after.at("a_to_b").at("dropped").items())
    EXPECT_EQ(
        prometheus.value("sum(tunrelay_dropped_wire_segments_total{direction='a_to_b',reason='" +
                         reason + "'})"),
        dropped.at("segments").get<double>())
        << reason;
  const auto capacity = prometheus.value("tunrelay_stage_capacity_bytes_total" + of_queue + " * 8");
  ASSERT_TRUE(capacity);
  EXPECT_NEAR(*capacity / queue.at("capacity_bits").get<double>(), 1, 0.2);
  EXPECT_GT(prometheus.value("sum(tunrelay_worker_cpu_seconds_total)"), 0.0);
  EXPECT_GT(prometheus.value("max(tunrelay_flow_read_bytes_total)"), 1e6);
  EXPECT_EQ(prometheus.value("tunrelay_path_proven"), 1.0);
  EXPECT_TRUE(test::is_balanced(tunnel.finish()));
}

/// Every expression of the dashboard, with its variables filled in.
std::set<std::string> expressions_in(const nlohmann::json& json) {
  std::set<std::string> found;
  if (json.is_object() && json.contains("expr")) {
    std::string text = json.at("expr");
    for (const auto& [variable, value] :
         {std::pair{"$__rate_interval", "2s"}, {"$job", "tunrelay"}, {"$instance", kTarget}})
      for (std::size_t at; (at = text.find(variable)) != std::string::npos;)
        text.replace(at, std::string_view(variable).size(), value);
    found.insert(text);
  }
  if (json.is_structured())
    for (const nlohmann::json& child : json) found.merge(expressions_in(child));
  return found;
}

TEST_F(MetricsTest, EveryExpressionOfTheDashboardHasData) {
  RunningTunnel tunnel(std::string("--flows --metrics ") + kTarget);
  ASSERT_TRUE(run({test::program(), "link", "set", "--a-to-b", "rate 20mbit limit 20ms", "--b-to-a",
                   "delay 2ms"})
                  .succeeded());
  const std::string alerts = TUNRELAY_DOCS "/prometheus/alerts.yml";
  const test::ProcessResult checked = run({"promtool", "check", "rules", alerts});
  EXPECT_TRUE(checked.succeeded()) << checked.describe();
  const test::Prometheus prometheus(kTarget, alerts);
  test::BackgroundProcess traffic(
      {"sh", "-euc",
       "iperf3 -s -1 >/dev/null & until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
       "iperf3 -c 192.168.13.2 -t 6 >/dev/null"});
  const std::set<std::string> expressions = expressions_in(
      nlohmann::json::parse(test::content_of(TUNRELAY_DOCS "/grafana/tunrelay.json")));
  EXPECT_GE(expressions.size(), 12U);
  for (const std::string& expression : expressions)
    EXPECT_TRUE(test::eventually(std::chrono::seconds(5), [&] {
      return !prometheus.query(expression).empty();
    })) << expression;
  EXPECT_TRUE(traffic.wait().succeeded());
  // A broken path is what the first alert is for.
  ASSERT_TRUE(run(split("ip link set tun0 down")).succeeded());
  EXPECT_TRUE(test::eventually(std::chrono::seconds(15), [&prometheus] {
    return !prometheus.query("ALERTS{alertname='TunrelayPathBroken'}").empty();
  }));
}

TEST_F(MetricsTest, PassPromtoolsCheckInBothForms) {
  RunningTunnel tunnel(std::string("--flows --link lte --metrics ") + kTarget);
  send_traffic();
  const test::ProcessResult checked =
      test::run_shell(std::string("curl -sf ") + kUrl + " | promtool check metrics");
  EXPECT_TRUE(checked.succeeded()) << checked.describe();
  EXPECT_EQ(checked.standard_error, "");
  const std::string open =
      test::output_of({"curl", "-sfi", "-H", "Accept: application/openmetrics-text", kUrl});
  EXPECT_THAT(open, HasSubstr("application/openmetrics-text; version=1.0.0"));
  EXPECT_THAT(open, HasSubstr("# TYPE tunrelay_read_bytes counter\n"));
  EXPECT_THAT(open, HasSubstr("\n# EOF\n"));
}

TEST_F(MetricsTest, WhoeverAsksWronglyIsToldSo) {
  RunningTunnel tunnel("--metrics :9469");
  EXPECT_EQ(status_of({}), "200");
  EXPECT_EQ(status_of({"-I"}), "200");
  EXPECT_EQ(status_of({"-X", "POST", "-d", "body"}), "405");
  EXPECT_EQ(status_of({"-o", "/dev/null", "--url", std::string(kUrl) + "/none"}), "200404");
  // Clients that send half a request hold up neither the relay nor others.
  test::BackgroundProcess silent(
      {"python3", "-c",
       "import socket, time\n"
       "held = [socket.create_connection(('127.0.0.1', 9469)) for _ in range(8)]\n"
       "for one in held: one.send(b'GET /metrics HT')\n"
       "time.sleep(20)"});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(status_of({"--max-time", "5"}), "200");
  EXPECT_TRUE(run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  EXPECT_TRUE(test::is_balanced(tunnel.finish()));
}

TEST_F(MetricsTest, OfExecAreReachedFromOutsideItsNetwork) {
  test::BackgroundProcess exec({test::program(), "exec", "-q", "--metrics", "0", "--", "sh", "-c",
                                "ping -c 3 192.168.13.2; sleep 5"});
  const auto line = exec.wait_for_line("tunrelay: metrics at ", std::chrono::seconds(10));
  ASSERT_TRUE(line) << exec.standard_error();
  const std::string url = line->substr(line->rfind(' ') + 1);
  EXPECT_THAT(url, StartsWith("http://127.0.0.1:"));
  EXPECT_TRUE(test::eventually(std::chrono::seconds(5), [&url] {
    const std::string text = run({"curl", "-s", url}).standard_output;
    std::smatch found;
    return std::regex_search(
               text, found,
               std::regex("tunrelay_written_packets_total\\{direction=\"a_to_b\"\\} (\\d+)")) &&
           std::stoul(found[1]) >= 3;
  }));
  exec.send_signal(SIGTERM);
  exec.wait();
  EXPECT_NE(run({"curl", "-s", url}).exit_code, 0) << "the port is free";
}

TEST_F(MetricsTest, AreServedAtAUnixSocketToo) {
  const std::string path = folder_ / "metrics";
  RunningTunnel tunnel("--metrics unix:" + path);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  EXPECT_THAT(test::output_of({"curl", "-sf", "--unix-socket", path, "http://relay/metrics"}),
              HasSubstr("tunrelay_path_proven 1\n"));
  const test::ProcessResult second =
      run({test::program(), "run", "-a", "tun8", "-b", "tun9", "--metrics", "unix:" + path});
  EXPECT_EQ(second.exit_code, 3) << second.describe();
  EXPECT_THAT(second.standard_error, HasSubstr("another relay listens there"));
  tunnel.finish();
  EXPECT_EQ(folder_.files(), 0U) << "the socket is gone";
}

TEST_F(MetricsTest, WhereTheyCanNotBeNothingIsSetUp) {
  RunningTunnel tunnel(std::string("--metrics ") + kTarget);
  for (const char* command : {"run", "exec"})
    for (const auto& [address, exit_code, words] :
         {std::tuple{kTarget, 3, "EADDRINUSE"},
          {"192.0.2.7:80", 3, "EADDRNOTAVAIL"},
          {"unix:/nowhere/socket", 3, "ENOENT"},
          {"localhost:80", 2, "names are not looked up"}}) {
      std::vector<std::string> line{test::program(), command,     "-a",   "tun8", "-b",
                                    "tun9",          "--metrics", address};
      if (std::string_view(command) == "exec") line.insert(line.end(), {"--", "true"});
      const test::ProcessResult refused = run(line);
      EXPECT_EQ(refused.exit_code, exit_code) << command << ' ' << refused.describe();
      EXPECT_THAT(refused.standard_error, HasSubstr(words));
      EXPECT_THAT(refused.standard_error, HasSubstr("could not serve metrics at"));
      EXPECT_FALSE(run(split("ip link show tun8")).succeeded());
    }
  const test::ProcessResult unprivileged =
      run({"setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", test::program(), "exec",
           "--metrics", "80", "--", "true"});
  EXPECT_EQ(unprivileged.exit_code, 3) << unprivileged.describe();
  EXPECT_THAT(unprivileged.standard_error, HasSubstr("serve metrics at 127.0.0.1:80"));
}

}  // namespace
}  // namespace tunrelay
