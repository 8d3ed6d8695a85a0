// SPDX-License-Identifier: MIT
// `tunrelay link show|set|clear` and `tunrelay capture` on relays that run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "support/naive_pcapng.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using test::Command;
using test::ProcessResult;
using test::split;
using ::testing::HasSubstr;

class ControlCommandsTest : public test::PrivateNetwork {};

ProcessResult call_relay(Command arguments) {
  arguments.insert(arguments.begin(), test::program());
  return test::run(arguments);
}

bool pings() {
  return test::run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded();
}

TEST_F(ControlCommandsTest, ALinkIsChangedAndClearedWhilePacketsCross) {
  for (const char* flags : {"", "--queues 2 --engine syscall"}) {
    test::RunningTunnel tunnel(flags);
    ASSERT_TRUE(pings());
    const ProcessResult set = call_relay({"link", "set", "--a-to-b", "mtu 1000"});
    ASSERT_TRUE(set.succeeded()) << set.describe();
    EXPECT_THAT(set.standard_output, HasSubstr("a_to_b  mtu 1000\n"));
    EXPECT_FALSE(test::run(split("ping -n -c 1 -W 1 -s 1100 192.168.13.2")).succeeded());
    EXPECT_TRUE(pings());
    ASSERT_TRUE(call_relay({"link", "set", "--b-to-a", "mtu 1200"}).succeeded());
    const auto shown =
        nlohmann::json::parse(call_relay({"link", "show", "--json"}).standard_output);
    EXPECT_EQ(shown.at("link").at("a_to_b"), "mtu 1000") << "what is not named stays";
    EXPECT_EQ(shown.at("link").at("b_to_a"), "mtu 1200");
    EXPECT_GE(shown.at("report").at("a_to_b").at("read").at("packets"), 3);
    const nlohmann::json& report = shown.at("report");
    EXPECT_GT(report.at("link_set_ns"), 1'000'000'000) << "the ping that waited for its time-out";
    EXPECT_LT(report.at("link_set_ns"), report.at("duration_ns"));
    ASSERT_TRUE(call_relay({"link", "clear"}).succeeded());
    EXPECT_TRUE(test::run(split("ping -n -c 1 -W 1 -s 1100 192.168.13.2")).succeeded());
    EXPECT_TRUE(test::is_balanced(tunnel.finish()));
  }
  EXPECT_TRUE(std::filesystem::is_empty("/run/tunrelay")) << "no socket is left";
}

TEST_F(ControlCommandsTest, EachChangeOfALinkDrawsAnotherSeed) {
  test::RunningTunnel tunnel("--link lte --seed 7");
  const auto seed_after = [](Command arguments) {
    const ProcessResult set = call_relay(std::move(arguments));
    return nlohmann::json::parse(set.standard_output).at("link").at("seed").get<std::uint64_t>();
  };
  EXPECT_EQ(seed_after({"link", "show", "--json"}), 7U);
  const std::uint64_t first = seed_after({"link", "set", "--a-to-b", "loss 1%", "--json"});
  const std::uint64_t second = seed_after({"link", "set", "--a-to-b", "loss 1%", "--json"});
  EXPECT_NE(first, second);
  EXPECT_EQ(seed_after({"link", "set", "--seed", "9", "--json"}), 9U);
}

TEST_F(ControlCommandsTest, ABadLinkLeavesTheOldOne) {
  test::RunningTunnel tunnel("");
  ASSERT_TRUE(call_relay({"link", "set", "--a-to-b", "mtu 1000"}).succeeded());
  const auto refused = [](const char* text, const char* message) {
    const ProcessResult result = call_relay({"link", "set", "--a-to-b", text});
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_THAT(result.standard_error, HasSubstr(message));
  };
  refused("mtu 1400, dely 3ms", "    mtu 1400, dely 3ms\n              ^^^^");
  refused("mtu 1400 if \"no filter\"", "no filter");
  EXPECT_EQ(call_relay({"link", "set"}).exit_code, 2);
  EXPECT_THAT(call_relay({"link", "show"}).standard_output, HasSubstr("a_to_b  mtu 1000\n"));
  EXPECT_TRUE(pings());
}

TEST_F(ControlCommandsTest, CapturesForAsLongAsTheClientIsThere) {
  test::RunningTunnel tunnel("");
  for (const int signal : {SIGINT, SIGKILL}) {
    test::BackgroundProcess client(
        {test::program(), "capture", "/run/c.pcapng", "--filter", "icmp"});
    ASSERT_TRUE(client.wait_for_line("tunrelay: capturing", std::chrono::seconds(10)));
    EXPECT_EQ(call_relay({"capture", "/run/d.pcapng"}).exit_code, 3) << "one at a time";
    ASSERT_TRUE(pings());
    client.send_signal(signal);
    const ProcessResult ended = client.wait();
    if (signal == SIGINT) {
      EXPECT_EQ(ended.exit_code, 0) << ended.describe();
      EXPECT_THAT(ended.standard_error, HasSubstr("tunrelay: 4 packets, "));
    }
    const auto is_whole = [] {
      const auto blocks = test::read_pcapng(test::content_of("/run/c.pcapng"));
      return blocks.size() == 3 + 4 + 2 && blocks.back().type == test::kStatisticsType;
    };
    EXPECT_TRUE(test::eventually(std::chrono::seconds(5), is_whole));
  }
  const ProcessResult piped = test::run_shell(
      "touch /run/messages; (until grep -q capturing /run/messages; do sleep 0.01; done; "
      "ping -n -c 1 192.168.13.2) >/dev/null & " +
      test::program() + " capture --filter icmp 2>/run/messages | tshark -l -c 4 -r - 2>/dev/null");
  EXPECT_EQ(std::count(piped.standard_output.begin(), piped.standard_output.end(), '\n'), 4)
      << piped.describe();
  EXPECT_TRUE(pings());
}

TEST_F(ControlCommandsTest, SeveralRelaysAreDistinguished) {
  EXPECT_EQ(call_relay({"link", "show"}).exit_code, 3) << "none runs";
  test::RunningTunnel first("--control-socket /run/first.sock");
  EXPECT_EQ(call_relay({"link", "show"}).exit_code, 3) << "it is elsewhere";
  EXPECT_TRUE(call_relay({"link", "show", "--control", "/run/first.sock"}).succeeded());
  EXPECT_TRUE(first.finish().at("path").at("proven"));
  EXPECT_FALSE(std::filesystem::exists("/run/first.sock"));
  test::BackgroundProcess one({test::program(), "exec", "--", "sleep", "30"});
  test::BackgroundProcess two({test::program(), "exec", "--", "sleep", "30"});
  const auto both_listen = [] {
    return call_relay({"link", "show"}).standard_error.find("several run") != std::string::npos;
  };
  ASSERT_TRUE(test::eventually(std::chrono::seconds(20), both_listen));
  const ProcessResult refused = call_relay({"link", "show"});
  EXPECT_EQ(refused.exit_code, 2);
  for (const test::BackgroundProcess* process : {&one, &two})
    EXPECT_THAT(refused.standard_error, HasSubstr("--control-socket /run/tunrelay/tun0-tun1." +
                                                  std::to_string(process->pid()) + ".sock"));
}

}  // namespace
}  // namespace tunrelay
