// SPDX-License-Identifier: MIT
// What checks of the path add up to, and which event reports a change.
#include "tunnel/path_accounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

PathVerdict crossed() {
  PathVerdict verdict;
  verdict.probes_sent = verdict.probes_crossed = {2, 2};
  return verdict;
}

PathVerdict lost() {
  PathVerdict verdict;
  verdict.finding = "It was lost.";
  verdict.host_busy = true;
  verdict.probes_sent = {1, 0};
  return verdict;
}

TEST(PathAccounts, WhatFailedBeforeTheFirstProofDoesNotCount) {
  PathAccounts accounts;
  accounts.book(lost(), 1'000);
  EXPECT_FALSE(accounts.report().proven);
  EXPECT_TRUE(accounts.report().host_busy);
  accounts.book(crossed(), 1'100);
  accounts.begin();
  const PathReport& report = accounts.report();
  EXPECT_TRUE(report.proven);
  EXPECT_EQ(report.finding, "");
  EXPECT_FALSE(report.host_busy);
  EXPECT_EQ(report.checks, 1U);
  EXPECT_EQ(report.failed_checks, 0U);
  EXPECT_EQ(report.probes_sent, report.probes_crossed);
  EXPECT_EQ(report.detour_packets, 0U);
}

TEST(PathAccounts, ACheckThatDecidesNothingCountsItsProbesAlone) {
  PathAccounts accounts;
  accounts.book(crossed(), 0);
  accounts.count_probes(lost());
  const PathReport& report = accounts.report();
  EXPECT_TRUE(report.proven);
  EXPECT_EQ(report.checks, 1U);
  EXPECT_EQ(report.probes_sent[0], 3U);
  EXPECT_EQ(report.probes_crossed[0], 2U);
}

TEST(PathAccounts, TellsABreakAndItsEndWithWhatTookAnotherWay) {
  PathAccounts accounts;
  accounts.book(crossed(), 1'000);
  accounts.begin();
  EXPECT_FALSE(accounts.change_since(true).has_value());
  accounts.book(lost(), 1'007);
  EXPECT_FALSE(accounts.change_since(false).has_value());
  const auto broken = accounts.change_since(true);
  ASSERT_TRUE(broken.has_value());
  EXPECT_EQ(broken->kind, TunnelEvent::Kind::kBroken);
  EXPECT_THAT(broken->text, HasSubstr("lo has carried 7 packets"));
  EXPECT_THAT(broken->text, HasSubstr("It was lost."));
  accounts.book(crossed(), 1'012);
  const auto repaired = accounts.change_since(false);
  ASSERT_TRUE(repaired.has_value());
  EXPECT_EQ(repaired->kind, TunnelEvent::Kind::kRepaired);
  EXPECT_THAT(repaired->text, HasSubstr("lo has carried 12 packets"));
  EXPECT_EQ(accounts.report().detour_packets, 12U);
  EXPECT_EQ(accounts.report().failed_checks, 1U);
}

TEST(PathAccounts, ADeletedDeviceIsTheFindingWhereThereIsNoOther) {
  PathAccounts whole;
  whole.book(crossed(), 0);
  whole.give_up();
  EXPECT_FALSE(whole.report().proven);
  EXPECT_EQ(whole.report().finding, "a device was deleted");
  PathAccounts broken;
  broken.book(lost(), 0);
  broken.give_up();
  EXPECT_EQ(broken.report().finding, "It was lost.");
}

}  // namespace
}  // namespace tunrelay
