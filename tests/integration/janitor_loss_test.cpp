// SPDX-License-Identifier: MIT
// A janitor that is killed is missed, and another takes its place.
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
  /// The number of the one that takes its place, or nothing.
  static std::optional<pid_t> kill_janitor(TunnelProcess& tunnel) {
    const auto former = tunnel.janitor();
    if (!former) return std::nullopt;
    ::kill(*former, SIGKILL);
    std::optional<pid_t> next;
    eventually(kPatience, [&] {
      next = tunnel.janitor();
      return next && next != former;
    });
    return next != former ? next : std::nullopt;
  }
};

TEST_F(JanitorLossTest, IsReportedAndAnotherRestoresAfterAKill) {
  RunningTunnel tunnel("");
  ASSERT_TRUE(kill_janitor(tunnel));
  EXPECT_TRUE(tunnel.wait_for_event("broken", "The janitor has died", kPatience));
  EXPECT_TRUE(tunnel.wait_for_event("repaired", "Another janitor is at work", kPatience));
  tunnel.kill();
  EXPECT_TRUE(restored_within(kPatience, before_));
}

TEST_F(JanitorLossTest, TheNextEndsInOrderWithItsTunnel) {
  RunningTunnel tunnel("");
  const auto next = kill_janitor(tunnel);
  ASSERT_TRUE(next);
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_EQ(tunnel_process::process_name(*next), "");
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(JanitorLossTest, WhoKillsEachDoesNotKeepTheTunnelBusy) {
  RunningTunnel tunnel("");
  constexpr milliseconds kTime{12'000};
  std::size_t killed = 0;
  EXPECT_FALSE(eventually(kTime, [&] {
    if (const auto janitor = tunnel.janitor()) killed += ::kill(*janitor, SIGKILL) == 0 ? 1U : 0U;
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
  EXPECT_TRUE(exec.wait_for_line("tunrelay: repaired: Another janitor is at work", kPatience));
  const ProcessResult result = exec.wait();
  EXPECT_EQ(result.exit_code, 7) << result.describe();
}

TEST_F(JanitorLossTest, AProgramOfTheUsersGetsAReportOfWhatItHasLost) {
  std::vector<std::string> events;
  embed::Tunnel tunnel({.on_event = [&events](std::string_view, std::string_view text) {
    events.emplace_back(text);
  }});
  output_of(
      {"sh", "-ec", "kill -KILL $(pgrep -P " + std::to_string(::getpid()) + " tunrelay-janito)"});
  tunnel.attend_for(std::chrono::seconds{2});
  EXPECT_THAT(events, Contains(HasSubstr("The janitor has died. If this process is killed now, its "
                                         "changes stay until `tunrelay cleanup`.")));
}

}  // namespace
}  // namespace tunrelay::test
