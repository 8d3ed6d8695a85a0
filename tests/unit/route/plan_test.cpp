// SPDX-License-Identifier: MIT
// What a plan makes of an odd host, and which requests it refuses. Pure.
#include "route/plan/plan.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "plan_commands.hpp"
#include "sample_host.hpp"

namespace tunrelay::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(PlanTest, TwoAddressesOfAFamilyAreTwoPairs) {
  auto request = sample_request(Strategy::kPolicy, Families::kIpv4);
  request.a.addresses.push_back(IpPrefix::parse("10.9.0.1/30"));
  request.b.addresses.push_back(IpPrefix::parse("10.9.0.2/30"));
  const auto commands = commands_of(make_plan(request, sample_host()));
  EXPECT_THAT(commands, Contains("ip route add 10.9.0.2 dev tun0 table 5214 proto 213 scope link "
                                 "src 10.9.0.1"));
  EXPECT_THAT(commands,
              Contains("ip rule add pref 11 from all to 10.9.0.1 iif lo lookup 5214 protocol 213"));
}

TEST(PlanTest, WhatAnAdministratorHasMadeIsUsedAndLeft) {
  auto request = sample_request(Strategy::kPolicy, Families::kIpv4);
  request.a.made_by_us = request.b.made_by_us = false;
  request.mtu_bytes = 1500;
  request.txqueuelen = 4096;
  auto state = sample_host();
  state.interfaces[2].up = true;
  state.interfaces[2].txqueuelen = 4096;
  state.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.1/24"), .device_index = 7, .device = "tun0"});
  const Plan plan = make_plan(request, state);
  const auto commands = commands_of(plan);
  EXPECT_THAT(commands, Not(Contains(HasSubstr("link set dev tun0"))));
  EXPECT_THAT(commands, Not(Contains(HasSubstr("address add 192.168.13.1"))));
  EXPECT_THAT(commands, Contains("ip link set dev tun1 txqueuelen 4096"));
  EXPECT_THAT(commands, Contains("ip link set dev tun1 addrgenmode none"));
  const auto undo = undo_commands_of(plan);
  EXPECT_THAT(undo, Contains("ip link set dev tun1 down"));
  EXPECT_THAT(undo, Contains("ip link set dev tun1 addrgenmode eui64"));
  EXPECT_THAT(undo, Contains("ip link set dev tun1 txqueuelen 500"));
  EXPECT_THAT(undo, Not(Contains(HasSubstr("192.168.13.1/24"))));
}

TEST(PlanTest, RoutesThroughTheTunnelNameTheCongestionControl) {
  for (const auto& [strategy, command] :
       {std::pair{Strategy::kPolicy,
                  "ip route add 192.168.13.2 dev tun0 table 5214 proto 213 scope "
                  "link src 192.168.13.1 congctl reno"},
        std::pair{Strategy::kNamespaces,
                  "ip -n tunrelay-a route add 192.168.13.2 dev tun0 proto "
                  "213 scope link src 192.168.13.1 congctl reno"}}) {
    auto request = sample_request(strategy, Families::kIpv4);
    EXPECT_THAT(commands_of(make_plan(request, sample_host())),
                Not(Contains(HasSubstr("congctl"))));
    request.congestion_control = "reno";
    EXPECT_THAT(commands_of(make_plan(request, sample_host())), Contains(command));
  }
}

TEST(PlanTest, RulesStandBeforeTheLowestForeignOne) {
  auto state = sample_host();
  state.rules.push_back({.family = IpFamily::kIpv6, .priority = 9, .table = 52, .iif = "eth0"});
  const auto commands =
      commands_of(make_plan(sample_request(Strategy::kPolicy, Families::kBoth), state));
  EXPECT_THAT(commands, Contains(HasSubstr("pref 6 from all iif tun0")));
  EXPECT_THAT(commands, Contains("ip rule add pref 8 from all lookup local protocol 213"));
}

TEST(PlanTest, RefusesWhenAForeignRuleLeavesNoRoomAndNamesIt) {
  auto state = sample_host();
  state.rules.push_back({.family = IpFamily::kIpv4, .priority = 3, .table = 52, .iif = "eth0"});
  try {
    make_plan(sample_request(Strategy::kPolicy, Families::kIpv4), state);
    FAIL() << "it was planned";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("3: from all iif eth0 lookup 52"));
  }
}

TEST(PlanTest, ALocalRuleThatSomebodyMovedIsLeftThere) {
  auto state = sample_host();
  for (Rule& rule : state.rules)
    if (rule.priority == 0) rule.priority = 100;
  const Plan plan = make_plan(sample_request(Strategy::kPolicy, Families::kBoth), state);
  EXPECT_THAT(commands_of(plan), Not(Contains(HasSubstr("lookup local"))));
  EXPECT_THAT(undo_commands_of(plan), Not(Contains(HasSubstr("lookup local"))));
  EXPECT_THAT(commands_of(plan), Contains(HasSubstr("pref 10 from all iif tun0")));
  EXPECT_EQ(plan.notes.size(), 2U);
}

TEST(PlanTest, ASecondTunnelSharesTheMoveOfTheFirst) {
  const Plan first = make_plan(sample_request(Strategy::kPolicy, Families::kIpv4), sample_host());
  auto state = sample_host();
  std::erase_if(state.rules, [](const Rule& rule) {
    return rule.family == IpFamily::kIpv4 && rule.priority == 0;
  });
  for (const Step& step : first.steps)
    if (const auto* added = std::get_if<AddRule>(&step.change)) state.rules.push_back(added->rule);
  state.interfaces.push_back(tun_link(9, "tun2"));
  state.interfaces.push_back(tun_link(10, "tun3"));
  PlanRequest request;
  request.a.device = "tun2";
  request.a.addresses = {IpPrefix::parse("192.168.14.1/24")};
  request.b.device = "tun3";
  request.b.addresses = {IpPrefix::parse("192.168.14.2/24")};
  request.siblings = first.steps;
  const Plan second = make_plan(request, state);
  Lines shared;
  for (const Step& step : second.steps)
    if (step.shared) shared.push_back(to_command(step));
  EXPECT_THAT(shared, ElementsAre("ip rule add pref 12 from all lookup local protocol 213",
                                  "ip rule del pref 0 from all lookup local protocol kernel"));
  EXPECT_THAT(commands_of(second),
              Contains("ip rule add pref 10 from all iif tun2 lookup 5215 protocol 213"));
}

TEST(PlanTest, RulesBearTheKernelsProtocolWhereNetworkdRuns) {
  auto state = sample_host();
  state.networkd_runs = true;
  const auto commands =
      commands_of(make_plan(sample_request(Strategy::kPolicy, Families::kIpv4), state));
  EXPECT_THAT(commands,
              Contains("ip rule add pref 10 from all iif tun0 lookup 5213 protocol kernel"));
  EXPECT_THAT(commands, Not(Contains(HasSubstr("213 protocol 213"))));
}

TEST(PlanTest, DegradesToIpv4AndSaysWhy) {
  auto small = sample_request(Strategy::kPolicy, Families::kBoth);
  small.mtu_bytes = 1000;
  const Plan plan = make_plan(small, sample_host());
  EXPECT_THAT(commands_of(plan), Not(Contains(HasSubstr("ip -6"))));
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("IPv6 needs an MTU of 1280 bytes")));
  EXPECT_EQ(families_of(plan.ends.a), std::vector{IpFamily::kIpv4});

  auto state = sample_host();
  state.settings["net/ipv6/conf/default/disable_ipv6"] = "1";
  const auto request = sample_request(Strategy::kClassic, Families::kBoth);
  EXPECT_THAT(make_plan(request, state).notes, Contains(HasSubstr("IPv6 is switched off")));

  state.has_ipv6 = false;
  EXPECT_THAT(make_plan(request, state).notes, Contains(HasSubstr("no IPv6")));
  EXPECT_THROW(make_plan(sample_request(Strategy::kPolicy, Families::kIpv6), state), Error);
}

TEST(PlanTest, RefusesRequestsThatMakeNoSense) {
  const auto refused = [](const auto& spoil) {
    auto request = sample_request(Strategy::kPolicy, Families::kIpv4);
    spoil(request);
    try {
      make_plan(request, sample_host());
    } catch (const Error& error) {
      return error.exit_code() == ExitCode::kUsage;
    }
    return false;
  };
  EXPECT_TRUE(refused([](PlanRequest& r) { r.b.device = "tun0"; }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.a.addresses.clear(); }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.a.addresses = r.b.addresses; }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.a.addresses = {IpPrefix::parse("fd13::1/64")}; }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.a.addresses = {IpPrefix::parse("224.0.0.1/4")}; }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.a.addresses = {IpPrefix::parse("127.0.0.2/8")}; }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.table_in = 254; }));
  EXPECT_TRUE(refused([](PlanRequest& r) { r.table_in = r.table_out = 77; }));
  EXPECT_TRUE(refused([](PlanRequest& r) {
    r.strategy = Strategy::kNamespaces;
    r.a.netns_name = "../etc";
  }));
  EXPECT_TRUE(refused([](PlanRequest& r) {
    r.strategy = Strategy::kNamespaces;
    r.a.netns_name = r.b.netns_name;
  }));
}

TEST(PlanTest, RefusesAMissingInterface) {
  auto request = sample_request(Strategy::kPolicy, Families::kIpv4);
  request.b.device = "tun9";
  EXPECT_THROW(make_plan(request, sample_host()), Error);
}

TEST(StrategyTest, NamesGoBothWays) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces})
    EXPECT_EQ(parse_strategy(to_string(strategy)), strategy);
  EXPECT_THROW(parse_strategy("magic"), Error);
}

}  // namespace
}  // namespace tunrelay::test
