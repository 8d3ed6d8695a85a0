// SPDX-License-Identifier: MIT
// Plans against their golden commands, for each strategy and family. Pure.
#include <gmock/gmock.h>

#include <algorithm>

#include "base/error.hpp"
#include "plan_commands.hpp"
#include "route/plan/plan.hpp"
#include "sample_host.hpp"

namespace tunrelay::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Lines joined(std::initializer_list<Lines> parts) {
  Lines lines;
  for (const Lines& part : parts) lines.insert(lines.end(), part.begin(), part.end());
  return lines;
}

Lines quiet(const std::string& ip, const std::string& sysctl, const std::string& device) {
  return {ip + " link set dev " + device + " addrgenmode none",
          sysctl + " -w net/ipv6/conf/" + device + "/accept_ra=0",
          sysctl + " -w net/ipv6/conf/" + device + "/router_solicitations=0",
          sysctl + " -w net/ipv6/conf/" + device + "/accept_dad=0"};
}

Lines set_up(const std::string& device, const std::string& host, Families families) {
  Lines lines = quiet("ip", "sysctl", device);
  lines.push_back("ip link set dev " + device + " up");
  if (families != Families::kIpv6)
    lines.push_back("ip address add 192.168.13." + host + "/24 dev " + device);
  if (families != Families::kIpv4)
    lines.push_back("ip -6 address add fd13::" + host + "/64 dev " + device + " nodad");
  return lines;
}

Lines set_up_both(Families families) {
  return joined({set_up("tun0", "1", families), set_up("tun1", "2", families)});
}

Lines table_in_ipv4(const std::string& table) {
  return {"ip route add local 192.168.13.1 dev tun0 table " + table + " proto 213 scope host",
          "ip route add local 192.168.13.2 dev tun1 table " + table + " proto 213 scope host",
          "ip route add blackhole default table " + table + " proto 213"};
}

Lines table_in_ipv6(const std::string& table) {
  return {"ip -6 route add local fd13::1 dev tun0 table " + table + " proto 213",
          "ip -6 route add local fd13::2 dev tun1 table " + table + " proto 213",
          "ip -6 route add throw ff00::/8 table " + table + " proto 213",
          "ip -6 route add throw fe80::/10 table " + table + " proto 213",
          "ip -6 route add blackhole default table " + table + " proto 213"};
}

const Lines kTableOutIpv4{
    "ip route add 192.168.13.2 dev tun0 table 5214 proto 213 scope link src 192.168.13.1",
    "ip route add 192.168.13.1 dev tun1 table 5214 proto 213 scope link src 192.168.13.2",
    "ip route add unreachable default table 5214 proto 213"};
const Lines kTableOutIpv6{"ip -6 route add fd13::2 dev tun0 table 5214 proto 213 src fd13::1",
                          "ip -6 route add fd13::1 dev tun1 table 5214 proto 213 src fd13::2",
                          "ip -6 route add unreachable default table 5214 proto 213"};

const Lines kShownIpv4{"ip route add 192.168.13.2 dev tun0 proto 213 scope link src 192.168.13.1",
                       "ip route add 192.168.13.1 dev tun1 proto 213 scope link src 192.168.13.2"};

Lines rules_in(const std::string& ip, const std::string& table) {
  return {ip + " rule add pref 10 from all iif tun0 lookup " + table + " protocol 213",
          ip + " rule add pref 10 from all iif tun1 lookup " + table + " protocol 213"};
}

Lines local_rule_moves(const std::string& ip) {
  return {ip + " rule add pref 12 from all lookup local protocol 213",
          ip + " rule del pref 0 from all lookup local protocol kernel"};
}

Plan plan_of(Strategy strategy, Families families) {
  return make_plan(sample_request(strategy, families), sample_host());
}

TEST(PolicyPlanTest, GoldenIpv4) {
  EXPECT_THAT(commands_of(plan_of(Strategy::kPolicy, Families::kIpv4)),
              ElementsAreArray(joined(
                  {set_up_both(Families::kIpv4),
                   table_in_ipv4("5213"),
                   kTableOutIpv4,
                   kShownIpv4,
                   rules_in("ip", "5213"),
                   {"ip rule add pref 11 from all to 192.168.13.2 iif lo lookup 5214 protocol 213",
                    "ip rule add pref 11 from all to 192.168.13.1 iif lo lookup 5214 protocol 213"},
                   local_rule_moves("ip")})));
}

TEST(PolicyPlanTest, GoldenIpv6) {
  EXPECT_THAT(commands_of(plan_of(Strategy::kPolicy, Families::kIpv6)),
              ElementsAreArray(joined(
                  {set_up_both(Families::kIpv6),
                   table_in_ipv6("5213"),
                   kTableOutIpv6,
                   rules_in("ip -6", "5213"),
                   {"ip -6 rule add pref 11 from all to fd13::2 iif lo lookup 5214 protocol 213",
                    "ip -6 rule add pref 11 from all to fd13::1 iif lo lookup 5214 protocol 213"},
                   local_rule_moves("ip -6")})));
}

TEST(PolicyPlanTest, GoldenBoth) {
  EXPECT_THAT(commands_of(plan_of(Strategy::kPolicy, Families::kBoth)),
              ElementsAreArray(joined(
                  {set_up_both(Families::kBoth),
                   table_in_ipv4("5213"),
                   table_in_ipv6("5213"),
                   kTableOutIpv4,
                   kTableOutIpv6,
                   kShownIpv4,
                   rules_in("ip", "5213"),
                   rules_in("ip -6", "5213"),
                   {"ip rule add pref 11 from all to 192.168.13.2 iif lo lookup 5214 protocol 213",
                    "ip -6 rule add pref 11 from all to fd13::2 iif lo lookup 5214 protocol 213",
                    "ip rule add pref 11 from all to 192.168.13.1 iif lo lookup 5214 protocol 213",
                    "ip -6 rule add pref 11 from all to fd13::1 iif lo lookup 5214 protocol 213"},
                   local_rule_moves("ip"),
                   local_rule_moves("ip -6")})));
}

TEST(PolicyPlanTest, UndoBeginsWithTheLocalRuleInItsOldPlace) {
  EXPECT_THAT(
      undo_commands_of(plan_of(Strategy::kPolicy, Families::kIpv4)),
      ElementsAreArray(Lines{
          "ip rule add pref 0 from all lookup local protocol kernel",
          "ip rule del pref 12 from all lookup local protocol 213",
          "ip rule del pref 11 from all to 192.168.13.1 iif lo lookup 5214 protocol 213",
          "ip rule del pref 11 from all to 192.168.13.2 iif lo lookup 5214 protocol 213",
          "ip rule del pref 10 from all iif tun1 lookup 5213 protocol 213",
          "ip rule del pref 10 from all iif tun0 lookup 5213 protocol 213",
          "ip route del 192.168.13.1 dev tun1 proto 213 scope link src 192.168.13.2",
          "ip route del 192.168.13.2 dev tun0 proto 213 scope link src 192.168.13.1",
          "ip route del unreachable default table 5214 proto 213",
          "ip route del 192.168.13.1 dev tun1 table 5214 proto 213 scope link src 192.168.13.2",
          "ip route del 192.168.13.2 dev tun0 table 5214 proto 213 scope link src 192.168.13.1",
          "ip route del blackhole default table 5213 proto 213",
          "ip route del local 192.168.13.2 dev tun1 table 5213 proto 213 scope host",
          "ip route del local 192.168.13.1 dev tun0 table 5213 proto 213 scope host",
          "ip address del 192.168.13.2/24 dev tun1", "ip address del 192.168.13.1/24 dev tun0"}));
}

TEST(ClassicPlanTest, GoldenIpv4) {
  EXPECT_THAT(
      commands_of(plan_of(Strategy::kClassic, Families::kIpv4)),
      ElementsAreArray(joined(
          {set_up_both(Families::kIpv4),
           table_in_ipv4("13"),
           rules_in("ip", "13"),
           {"ip route add 192.168.13.2 dev tun0 proto 213 scope link src 192.168.13.1",
            "ip route add 192.168.13.1 dev tun1 proto 213 scope link src 192.168.13.2",
            "ip route del local 192.168.13.1 dev tun0 table local proto kernel scope host src "
            "192.168.13.1",
            "ip route del local 192.168.13.2 dev tun1 table local proto kernel scope host src "
            "192.168.13.2"}})));
}

TEST(ClassicPlanTest, GoldenIpv6) {
  const Plan plan = plan_of(Strategy::kClassic, Families::kIpv6);
  EXPECT_THAT(commands_of(plan),
              ElementsAreArray(
                  joined({set_up_both(Families::kIpv6),
                          table_in_ipv6("13"),
                          rules_in("ip -6", "13"),
                          {"ip -6 route add fd13::2 dev tun0 proto 213 src fd13::1",
                           "ip -6 route add fd13::1 dev tun1 proto 213 src fd13::2",
                           "ip -6 route del local fd13::1 dev tun0 table local proto kernel",
                           "ip -6 route del local fd13::2 dev tun1 table local proto kernel"}})));
  EXPECT_EQ(undo_commands_of(plan).front(),
            "ip -6 address del fd13::2/64 dev tun1 && ip -6 address add fd13::2/64 dev tun1 nodad");
}

TEST(ClassicPlanTest, SaysThatBindFails) {
  EXPECT_THAT(plan_of(Strategy::kClassic, Families::kBoth).notes, Contains(HasSubstr("bind()")));
  EXPECT_THAT(plan_of(Strategy::kClassic, Families::kIpv6).notes, IsEmpty());
}

TEST(NamespacesPlanTest, GoldenBoth) {
  const auto end = [](const std::string& name, const std::string& device, const std::string& host) {
    return joined(
        {{"ip link set dev " + device + " netns " + name},
         quiet("ip -n " + name, "ip netns exec " + name + " sysctl", device),
         {"ip -n " + name + " link set dev " + device + " up",
          "ip -n " + name + " address add 192.168.13." + host + "/24 dev " + device,
          "ip -n " + name + " -6 address add fd13::" + host + "/64 dev " + device + " nodad"}});
  };
  const Plan plan = plan_of(Strategy::kNamespaces, Families::kBoth);
  EXPECT_THAT(
      commands_of(plan),
      ElementsAreArray(joined({{"ip netns add tunrelay-a", "ip -n tunrelay-a link set dev lo up",
                                "ip netns add tunrelay-b", "ip -n tunrelay-b link set dev lo up"},
                               end("tunrelay-a", "tun0", "1"),
                               end("tunrelay-b", "tun1", "2"),
                               {"ip -n tunrelay-a route add 192.168.13.2 dev tun0 proto 213 "
                                "scope link src 192.168.13.1",
                                "ip -n tunrelay-b route add 192.168.13.1 dev tun1 proto 213 "
                                "scope link src 192.168.13.2",
                                "ip -n tunrelay-a -6 route add fd13::2 dev tun0 proto 213 src "
                                "fd13::1",
                                "ip -n tunrelay-b -6 route add fd13::1 dev tun1 proto 213 src "
                                "fd13::2"}})));
  EXPECT_THAT(undo_commands_of(plan),
              ElementsAre("ip netns del tunrelay-b", "ip netns del tunrelay-a"));
}

TEST(NamespacesPlanTest, AnAdministratorsDeviceComesBackAsItWas) {
  auto request = sample_request(Strategy::kNamespaces, Families::kIpv4);
  request.a.made_by_us = false;
  request.mtu_bytes = 9000;
  auto state = sample_host();
  state.interfaces[2].up = true;
  state.settings["net/ipv6/conf/tun0/accept_ra"] = "1";
  state.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.1/24"), .device_index = 7, .device = "tun0"});
  EXPECT_THAT(undo_commands_of(make_plan(request, state)),
              ElementsAre("ip -n tunrelay-a link set dev tun0 netns /proc/$$/ns/net",
                          "sysctl -w net/ipv6/conf/tun0/accept_ra=1",
                          "ip link set dev tun0 addrgenmode eui64",
                          "ip link set dev tun0 mtu 1500 txqueuelen 500 up",
                          "ip address add 192.168.13.1/24 dev tun0", "ip netns del tunrelay-b",
                          "ip netns del tunrelay-a"));
}

}  // namespace
}  // namespace tunrelay::test
