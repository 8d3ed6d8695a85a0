// SPDX-License-Identifier: MIT
// Tunnels that start and end in one moment, in one network namespace: they share the rule for table
// `local`, and each needs tables of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/random.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kTunnels = 8;
constexpr milliseconds kEndLimit{10'000};

class StartsTest : public UnchangedNetwork {
 protected:
  static std::string flags_of(std::size_t number, const std::string& strategy) {
    return fmt::format(
        "--strategy {1} --queues 1 --control-socket none --device-a a{0} --device-b b{0} "
        "--address-a 10.13.{0}.1/24,fd13:{0}::1/64 --address-b 10.13.{0}.2/24,fd13:{0}::2/64 "
        "--netns-a end-a{0} --netns-b end-b{0}",
        number, strategy);
  }
  static std::vector<std::unique_ptr<TunnelProcess>> start_all(const std::string& strategy,
                                                               std::size_t count = kTunnels,
                                                               const std::string& launcher = "") {
    std::vector<std::unique_ptr<TunnelProcess>> tunnels;
    for (std::size_t number = 0; number < count; ++number)
      tunnels.push_back(std::make_unique<TunnelProcess>(flags_of(number, strategy), launcher));
    return tunnels;
  }
  void expect_all_start_and_end(const std::vector<std::unique_ptr<TunnelProcess>>& tunnels) {
    for (const auto& tunnel : tunnels) ASSERT_TRUE(tunnel->wait_until_ready());
    for (const auto& tunnel : tunnels) {
      EXPECT_TRUE(tunnel->counters().at("path").at("proven").get<bool>());
      EXPECT_EQ(tunnel->count_events("broken"), 0U) << tunnel->process().standard_output();
    }
    for (const auto& tunnel : tunnels) tunnel->process().send_signal(SIGINT);
    for (const auto& tunnel : tunnels) {
      const ProcessResult end = tunnel->process().wait(kEndLimit);
      EXPECT_EQ(end.exit_code, 0) << end.describe();
      EXPECT_EQ(end.standard_error, "");
    }
    EXPECT_TRUE(restored_within(kPatience, before_));
  }
};

TEST_F(StartsTest, EightInOneMoment) {
  for (const char* strategy : kStrategies)
    for (std::size_t round = 0; round < scaled(2); ++round)
      ASSERT_NO_FATAL_FAILURE(expect_all_start_and_end(start_all(strategy)));
}

TEST_F(StartsTest, SomeOfWhichEachHasItsOwnRun) {
  // Their journals don't name each other: the rule for table `local` is not theirs to move,
  // and each stands before the others.
  prepare("for f in -4 -6; do ip $f rule add pref 100 lookup local; ip $f rule del pref 0; done");
  constexpr std::size_t kFew = 4;
  const std::string launcher =
      "unshare -m sh -ec mount${IFS}-t${IFS}tmpfs${IFS}none${IFS}/run;exec${IFS}$0${IFS}$@";
  for (std::size_t round = 0; round < scaled(3); ++round)
    ASSERT_NO_FATAL_FAILURE(expect_all_start_and_end(start_all("policy", kFew, launcher)));
}

TEST_F(StartsTest, SomeStartWhileOthersEnd) {
  auto former = start_all("policy");
  for (const auto& tunnel : former) ASSERT_TRUE(tunnel->wait_until_ready());
  for (std::size_t round = 0; round < scaled(3); ++round) {
    // The first half ends while the second half of the names starts again.
    for (std::size_t number = 0; number < kTunnels; number += 2)
      former[number]->process().send_signal(SIGINT);
    std::vector<std::unique_ptr<TunnelProcess>> later;
    for (std::size_t number = 0; number < kTunnels; number += 2)
      later.push_back(std::make_unique<TunnelProcess>(flags_of(number + 20, "policy")));
    for (std::size_t number = 0; number < kTunnels; number += 2)
      EXPECT_EQ(former[number]->process().wait(kEndLimit).exit_code, 0);
    for (auto& tunnel : later) {
      ASSERT_TRUE(tunnel->wait_until_ready());
      EXPECT_EQ(tunnel->stop().exit_code, 0);
    }
    for (std::size_t number = 0; number < kTunnels; number += 2) {
      former[number] = std::make_unique<TunnelProcess>(flags_of(number, "policy"));
      ASSERT_TRUE(former[number]->wait_until_ready());
    }
  }
  expect_all_start_and_end(former);
}

}  // namespace
}  // namespace tunrelay::test
