// SPDX-License-Identifier: MIT
// `tunrelay link fit` on links that tunrelay itself emulates: what it finds is what they were, from
// ping, from captures, from IRTT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "link/link_file.hpp"
#include "link/stage_text.hpp"
#include "support/priority.hpp"
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
using test::split;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Not the probes of the path, which no stage delays.
constexpr const char* kLoad = "udp and src 192.168.13.1 and greater 400";

class LinkFitTest : public test::PrivateNetwork {
 protected:
  LinkFitTest() { test::come_first(); }

  const test::TemporaryFolder folder_;

  /// What DEVICE sees, to FILE, until the end of the block.
  class TcpDump {
   public:
    TcpDump(const std::string& device, std::string file, const std::string& filter)
        : file_(std::move(file)),
          process_(split("tcpdump -Z root -U -n --immediate-mode -B 8192 -s 128 "
                         "--time-stamp-precision=nano -i " +
                         device + " -w " + file_ + " " + filter)) {
      if (!process_.wait_for_line("tcpdump: listening", milliseconds{10'000}))
        ADD_FAILURE() << "tcpdump: " << process_.standard_error();
    }
    ~TcpDump() { static_cast<void>(end()); }
    /// The file, whole.
    const std::string& end() {
      process_.send_signal(SIGINT);
      static_cast<void>(process_.wait(milliseconds{10'000}));
      return file_;
    }

   private:
    std::string file_;
    test::BackgroundProcess process_;
  };

  nlohmann::json fit(const std::string& inputs) {
    const ProcessResult result = test::run(
        split(test::program() + " link fit --json " + inputs + " " + folder_.path() + "/fit.toml"));
    EXPECT_TRUE(result.succeeded()) << result.describe();
    return nlohmann::json::parse(result.standard_output);
  }
  /// The stages of a direction in what fit() wrote, which can be used.
  std::string stages(std::size_t direction) {
    return print_stages(load_link(folder_ / "fit.toml").description.directions.at(direction));
  }
  static double delay_ms(const nlohmann::json& found, const char* quantile) {
    return found.at("delay").at(quantile).get<double>() / 1e6;
  }
  static void send(const std::string& flags) {
    const ProcessResult result =
        test::run(split(test::program() +
                        " gen 192.168.13.1 192.168.13.2 -i 0 --max-slip 10s --json " + flags),
                  milliseconds{60'000});
    ASSERT_TRUE(result.succeeded()) << result.describe();
  }
};

TEST_F(LinkFitTest, TwoCapturesOfALinkGiveItsDelayAndItsLosses) {
  const std::string config =
      folder_.write("link.toml", "a-to-b = \"loss gemodel 2% 20%, delay 20ms 5ms\"\nseed = 5\n");
  RunningTunnel tunnel("--offload off --coalesce off --config " + config);
  TcpDump at_a("tun0", "/run/a.pcap", kLoad);
  TcpDump at_b("tun1", "/run/b.pcap", kLoad);
  send("--pps 2000 -l 400 -t 6s");
  const nlohmann::json found = fit(at_a.end() + " " + at_b.end()).at("a_to_b");
  EXPECT_GT(found.at("packets"), 11'000);
  // Uniform from 15 to 25 ms. On a busy machine packets are late, and a few of them very late.
  EXPECT_NEAR(delay_ms(found, "p5_ns"), 16, 1.5);
  EXPECT_NEAR(delay_ms(found, "p50_ns"), 21, 2);
  EXPECT_NEAR(delay_ms(found, "p95_ns"), 26, 3);
  EXPECT_LT(found.at("delay").at("distance").get<double>(), 0.02);
  // 1/11 lost, 5 in a row.
  EXPECT_NEAR(found.at("loss").at("rate").get<double>(), 0.0909, 0.02);
  EXPECT_NEAR(found.at("loss").at("mean_burst").get<double>(), 5, 0.8);
  EXPECT_THAT(stages(0), MatchesRegex("delay .* table .*fit-a-to-b.dist ordered, loss gemodel .*"));
  EXPECT_FALSE(found.contains("rate"));
}

TEST_F(LinkFitTest, TwoCapturesOfAFullLinkGiveItsRates) {
  const std::string steps = folder_.write("known.steps", "0s 8mbit\n4s 3mbit\n");
  const std::string config =
      folder_.write("link.toml", "a-to-b = \"steps " + steps + " limit 100ms, delay 30ms\"\n");
  RunningTunnel tunnel("--offload off --coalesce off --config " + config);
  TcpDump at_a("tun0", "/run/a.pcap", kLoad);
  TcpDump at_b("tun1", "/run/b.pcap", kLoad);
  send("--rate 9.5M -l 1000 -t 7s");
  const nlohmann::json found = fit(at_a.end() + " " + at_b.end()).at("a_to_b");
  const nlohmann::json& rates = found.at("rate").at("steps");
  ASSERT_EQ(rates.size(), 2U) << found;
  EXPECT_NEAR(rates[0].at("bits_per_s").get<double>(), 8e6, 0.25e6);
  EXPECT_NEAR(rates[1].at("bits_per_s").get<double>(), 3e6, 0.1e6);
  // What waited for 100 ms at 8 Mbit/s when the rate fell.
  EXPECT_NEAR(found.at("rate").at("longest_wait_ns").get<double>() / 1e6, 267, 30);
  // 30 ms, and what the first packets behind a gap, and a busy machine, add.
  EXPECT_NEAR(delay_ms(found, "p50_ns"), 33.5, 4.5);
  EXPECT_THAT(stages(0), MatchesRegex("steps .*fit-a-to-b.steps limit .*s, delay .*"));
}

TEST_F(LinkFitTest, ACaptureOfATcpFlowGivesTheRate) {
  RunningTunnel tunnel(
      "--offload off --coalesce off --config " +
      folder_.write("link.toml", "a-to-b = \"rate 6mbit limit 200ms\"\nb-to-a = \"delay 20ms\"\n"));
  TcpDump at_a("tun0", "/run/a.pcap", "tcp");
  send("--tcp -t 5s");
  const nlohmann::json found = fit(at_a.end()).at("a_to_b");
  const nlohmann::json& rates = found.at("rate").at("steps");
  ASSERT_EQ(rates.size(), 1U) << found;
  EXPECT_NEAR(rates[0].at("bits_per_s").get<double>(), 6e6, 0.4e6);
}

TEST_F(LinkFitTest, PingAndACaptureOfItSayTheSame) {
  RunningTunnel tunnel("--config " + folder_.write("link.toml",
                                                   "a-to-b = \"delay 10ms\"\nb-to-a = \"delay 15ms "
                                                   "5ms, loss 5%\"\nseed = 3\n"));
  TcpDump at_a("tun0", "/run/a.pcap", "icmp");
  const ProcessResult pings = test::run(
      split("ping -n -i 0.005 -c 800 -W 1 -I 192.168.13.1 192.168.13.2"), milliseconds{60'000});
  const std::string text = folder_.write("ping.txt", pings.standard_output);
  const nlohmann::json seen = fit(at_a.end());
  EXPECT_THAT(stages(0), MatchesRegex("delay [0-9]*ns"));
  const nlohmann::json printed = fit(text);
  EXPECT_EQ(seen.at("round_trips"), true);
  for (const nlohmann::json& found : {seen.at("b_to_a"), printed.at("b_to_a")}) {
    EXPECT_NEAR(found.at("loss").at("rate").get<double>(), 0.05, 0.025);
    EXPECT_NEAR(found.at("packets").get<double>(), 800, 3);
  }
  // Half of the shortest trip, which is 20 ms at least, and the rest of 25; and what a busy machine
  // adds.
  EXPECT_NEAR(delay_ms(seen.at("a_to_b"), "p50_ns"), 11, 2);
  EXPECT_NEAR(delay_ms(seen.at("b_to_a"), "p50_ns"), 17, 4);
  EXPECT_NEAR(delay_ms(seen.at("b_to_a"), "p50_ns"), delay_ms(printed.at("b_to_a"), "p50_ns"), 1.5);
}

TEST_F(LinkFitTest, IrttSaysWhichWayPacketsWereLost) {
  RunningTunnel tunnel(
      "--config " +
      folder_.write("link.toml",
                    "a-to-b = \"delay 10ms, loss 8%\"\nb-to-a = \"loss gemodel 2% 40%, "
                    "delay 30ms 10ms\"\nseed = 9\n"));
  test::BackgroundProcess server(split("irtt server -i 1ms -b 192.168.13.2:2112"));
  ASSERT_TRUE(server.wait_for_line("[ListenerStart]", milliseconds{10'000}))
      << server.standard_error();
  const std::string file = folder_ / "irtt.json";
  const ProcessResult measured =
      test::run(split("irtt client -Q -i 2ms -d 6s --wait=500ms --local=192.168.13.1 -o " + file +
                      " 192.168.13.2"),
                milliseconds{60'000});
  ASSERT_TRUE(measured.succeeded()) << measured.describe();
  const nlohmann::json trips = fit(file);
  EXPECT_NEAR(trips.at("a_to_b").at("loss").at("rate").get<double>(), 0.08, 0.025);
  // 1/21 lost, 2.5 in a row.
  EXPECT_NEAR(trips.at("b_to_a").at("loss").at("rate").get<double>(), 0.048, 0.02);
  EXPECT_NEAR(trips.at("b_to_a").at("loss").at("mean_burst").get<double>(), 2.5, 0.8);
  const nlohmann::json ways = fit("--one-clock " + file);
  EXPECT_EQ(ways.at("round_trips"), false);
  EXPECT_NEAR(delay_ms(ways.at("a_to_b"), "p50_ns"), 11, 2);
  EXPECT_NEAR(delay_ms(ways.at("b_to_a"), "p50_ns"), 31.5, 3);
  EXPECT_THAT(stages(1), HasSubstr("fit-b-to-a.dist"));
}

}  // namespace
}  // namespace tunrelay
