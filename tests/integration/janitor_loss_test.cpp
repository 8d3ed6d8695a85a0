// SPDX-License-Identifier: MIT
// A process of the janitor that is killed is followed by another; without both the tunnel goes on,
// and says what it can't do any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <tunrelay/tunnel.hpp>

#include "support/running_tunnel.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;

class JanitorLossTest : public UnchangedNetwork {
 protected:
  /// The helper's number.
  static std::optional<pid_t> helper(const TunnelProcess& tunnel) {
    const auto janitor = tunnel.janitor();
    for (const pid_t pid : tunnel.janitors())
      if (pid != janitor) return pid;
    return std::nullopt;
  }
};

constexpr const char* kAnother = "another is at work";

TEST_F(JanitorLossTest, WhicheverIsKilledAnotherRepairsAndRestores) {
  for (const bool is_helper : {true, false}) {
    RunningTunnel tunnel("");
    const auto killed = is_helper ? helper(tunnel) : tunnel.janitor();
    ASSERT_TRUE(killed);
    ::kill(*killed, SIGKILL);
    EXPECT_TRUE(tunnel.wait_for_event("repaired", kAnother, kPatience));
    EXPECT_EQ(tunnel.janitors().size(), 2U);
    ASSERT_TRUE(run(split("ip rule del pref 10 iif tun0")).succeeded());
    EXPECT_TRUE(tunnel.wait_for_event("repaired", "the rule 10", kPatience));
    tunnel.kill();
    EXPECT_TRUE(restored_within(kPatience, before_));
  }
}

TEST_F(JanitorLossTest, TheNextEndInOrderWithTheirTunnel) {
  RunningTunnel tunnel("");
  ASSERT_TRUE(tunnel.janitor());
  ::kill(*tunnel.janitor(), SIGKILL);
  ASSERT_TRUE(tunnel.wait_for_event("repaired", kAnother, kPatience));
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_TRUE(eventually(kPatience, [&tunnel] { return tunnel.janitors().empty(); }));
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(JanitorLossTest, WithoutBothTheTunnelGoesOnSaysSoAndCleanupRestores) {
  RunningTunnel tunnel("");
  tunnel.kill_janitors();
  EXPECT_TRUE(tunnel.wait_for_event("broken", "The janitor has died", kPatience));
  EXPECT_TRUE(run(split("ping -q -c 5 -i 0.002 -W 2 192.168.13.2")).succeeded());
  // What others take away can't be put back.
  ASSERT_TRUE(run(split("ip rule del pref 10 iif tun0")).succeeded());
  EXPECT_TRUE(tunnel.wait_for_event("broken", "the rule 10", kPatience));
  // A start beside it does not take its rules for a leftover.
  EXPECT_TRUE(run({program(), "cleanup"}).succeeded());
  EXPECT_NE(run(split("ip rule show pref 11")).standard_output, "");
  const ProcessResult result = tunnel.stop();
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("Operation not permitted"));
  const ProcessResult cleanup = run({program(), "cleanup"});
  EXPECT_EQ(cleanup.exit_code, 0) << cleanup.describe();
  EXPECT_TRUE(restored_within(kPatience, before_));
}

TEST_F(JanitorLossTest, WhoKillsEachDoesNotKeepTheTunnelBusy) {
  RunningTunnel tunnel("");
  constexpr milliseconds kTime{12'000};
  std::size_t killed = 0;
  EXPECT_FALSE(eventually(kTime, [&] {
    if (const auto pid = helper(tunnel)) killed += ::kill(*pid, SIGKILL) == 0 ? 1U : 0U;
    return false;
  }));
  // The first, a burst of ten, one more in each second, and one that was killed twice.
  EXPECT_LE(tunnel.count_events("repaired"), 24U);
  EXPECT_GE(killed, 2U);
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(JanitorLossTest, ExecHasAnotherTooAndItsCommandGoesOn) {
  BackgroundProcess exec(
      {program(), "exec", "-q", "--", "sh", "-c", "echo ready; sleep 3; exit 7"});
  ASSERT_TRUE(exec.wait_for_line("ready", milliseconds{20'000}));
  const std::string pid = std::to_string(exec.pid());
  output_of({"sh", "-ec", "kill -KILL $(pgrep -P " + pid + " tunrelay-janito)"});
  EXPECT_TRUE(exec.wait_for_line(
      "tunrelay: repaired: A process of the janitor was killed; another is at work.", kPatience));
  const ProcessResult result = exec.wait();
  EXPECT_EQ(result.exit_code, 7) << result.describe();
}

TEST_F(JanitorLossTest, AProgramOfTheUsersGetsAReportToo) {
  std::vector<std::string> events;
  embed::Tunnel tunnel({.on_event = [&events](std::string_view, std::string_view text) {
    events.emplace_back(text);
  }});
  output_of(
      {"sh", "-ec", "kill -KILL $(pgrep -P " + std::to_string(::getpid()) + " tunrelay-janito)"});
  tunnel.attend_for(std::chrono::seconds{2});
  EXPECT_THAT(events, Contains(HasSubstr(kAnother)));
}

}  // namespace
}  // namespace tunrelay::test
