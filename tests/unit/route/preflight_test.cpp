// SPDX-License-Identifier: MIT
// Conflicts: each is found, shows the line as `ip` prints it, and gives a hint. Pure.
#include "route/plan/preflight.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "route/plan/plan_choices.hpp"
#include "sample_host.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

auto conflict(const std::string& text, const std::string& line) {
  return AllOf(Field(&Conflict::text, HasSubstr(text)), Field(&Conflict::line, line),
               Field(&Conflict::hint, Not(IsEmpty())));
}

class PreflightTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<Conflict> find() const { return find_conflicts(request_, state_); }

  HostState state_ = sample_host();
  PlanRequest request_ = sample_request(Strategy::kPolicy, Families::kBoth);
};

TEST_F(PreflightTest, AnOrdinaryHostHasNone) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces}) {
    request_.strategy = strategy;
    EXPECT_THAT(find(), IsEmpty());
  }
}

TEST_F(PreflightTest, AnAddressOfAnotherInterfaceInTheSubnet) {
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.77/24"), .device_index = 2, .device = "eth0"});
  const auto conflicts = find();
  ASSERT_EQ(conflicts.size(), 1U);  // though it is in the way of either end
  EXPECT_THAT(conflicts[0], conflict("192.168.13.1/24 overlaps the subnet of another interface",
                                     "inet 192.168.13.77/24 scope global eth0"));
}

TEST_F(PreflightTest, TheSameIpv6AddressElsewhere) {
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("fd13::2/128"), .device_index = 2, .device = "eth0"});
  EXPECT_THAT(find(), Not(IsEmpty()));
}

TEST_F(PreflightTest, AnAddressOnTheOtherEnd) {
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.1/24"), .device_index = 8, .device = "tun1"});
  EXPECT_THAT(find(), ElementsAre(conflict("192.168.13.1/24 is on the other end's interface",
                                           "inet 192.168.13.1/24 scope global tun1")));
}

TEST_F(PreflightTest, AnAddressWithAnotherPrefixLength) {
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.1/16"), .device_index = 7, .device = "tun0"});
  EXPECT_THAT(find(), ElementsAre(conflict("is there with another prefix length",
                                           "inet 192.168.13.1/16 scope global tun0")));
}

TEST_F(PreflightTest, ARouteOfAnotherInterface) {
  state_.routes.push_back({.destination = IpPrefix::parse("192.168.0.0/16"),
                           .table = 52,
                           .protocol = RTPROT_STATIC,
                           .device_index = 2,
                           .device = "eth0",
                           .gateway = IpAddress::parse("10.0.0.9")});
  const auto conflicts = find();
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_THAT(conflicts[0], conflict("192.168.13.1/24 overlaps a route of another interface",
                                     "192.168.0.0/16 via 10.0.0.9 dev eth0 table 52 proto static"));
}

TEST_F(PreflightTest, AWideBlackholeIsNone) {
  state_.routes.push_back({.destination = IpPrefix::parse("192.168.0.0/16"),
                           .type = RTN_BLACKHOLE,
                           .protocol = RTPROT_STATIC});
  EXPECT_THAT(find(), IsEmpty());
}

TEST_F(PreflightTest, TablesThatAreTaken) {
  state_.routes.push_back({.destination = IpPrefix::parse("10.9.0.0/16"),
                           .table = 77,
                           .protocol = RTPROT_STATIC,
                           .device_index = 2,
                           .device = "eth0"});
  state_.rules.push_back({.priority = 500, .table = 78, .protocol = RTPROT_STATIC, .iif = "eth0"});
  request_.table_in = 77;
  request_.table_out = 78;
  EXPECT_THAT(find(), ElementsAre(conflict("table 77 is not empty",
                                           "10.9.0.0/16 dev eth0 table 77 proto static"),
                                  conflict("a rule uses table 78 already",
                                           "500: from all iif eth0 lookup 78 proto static")));
  // When nobody insists, free ones are chosen.
  request_.table_in = request_.table_out = 0;
  EXPECT_THAT(find(), IsEmpty());
}

TEST_F(PreflightTest, TheClassicTableIsTaken) {
  request_.strategy = Strategy::kClassic;
  state_.rules.push_back({.priority = 500, .table = 13, .iif = "eth0"});
  EXPECT_THAT(find(), IsEmpty()) << "another table does as well";
  EXPECT_EQ(choose(request_, state_).table_in, kFirstTable);
  request_.table_in = 13;
  EXPECT_THAT(find(), ElementsAre(conflict("a rule uses table 13 already",
                                           "500: from all iif eth0 lookup 13")));
}

TEST_F(PreflightTest, NoRoomBeforeAForeignRule) {
  state_.rules.push_back({.priority = 2, .table = 52, .mark = 0x80000, .mark_mask = 0xff0000});
  EXPECT_THAT(find(), ElementsAre(conflict("not enough free priorities",
                                           "2: from all fwmark 0x80000/0xff0000 lookup 52")));
}

TEST_F(PreflightTest, PrioritiesThatSomebodyInsistsOn) {
  state_.rules.push_back({.priority = 100, .table = 52, .iif = "eth0"});
  request_.first_priority = 98;
  EXPECT_THAT(find(), ElementsAre(conflict("rules from priority 98 on",
                                           "100: from all iif eth0 lookup 52")));
  request_.first_priority = 97;
  EXPECT_THAT(find(), IsEmpty());
}

TEST_F(PreflightTest, ANetworkNamespaceOfTheName) {
  request_.strategy = Strategy::kNamespaces;
  state_.named_netns = {"tunrelay-b"};
  EXPECT_THAT(find(), ElementsAre(conflict("there is a network namespace tunrelay-b already",
                                           "tunrelay-b")));
}

TEST_F(PreflightTest, RoutesThatAMoveWouldLose) {
  request_.strategy = Strategy::kNamespaces;
  request_.a.made_by_us = false;
  state_.routes.push_back({.destination = IpPrefix::parse("10.9.0.0/16"),
                           .protocol = RTPROT_STATIC,
                           .device_index = 7,
                           .device = "tun0"});
  EXPECT_THAT(find(), ElementsAre(conflict("a route would be lost when tun0 moves",
                                           "10.9.0.0/16 dev tun0 proto static")));
}

TEST_F(PreflightTest, AnMtuThatTakesIpv6Away) {
  request_.a.made_by_us = false;
  request_.mtu_bytes = 1000;
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("fd99::1/64"), .device_index = 7, .device = "tun0"});
  EXPECT_THAT(find(), ElementsAre(conflict("an MTU of 1000 bytes would take the IPv6 addresses",
                                           "inet6 fd99::1/64 scope global tun0")));
}

TEST_F(PreflightTest, AMissingInterface) {
  request_.b.device = "tun9";
  EXPECT_THAT(find(), ElementsAre(conflict("there is no interface tun9", "")));
}

TEST_F(PreflightTest, TheErrorListsAllAndHasExitCode3) {
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.77/24"), .device_index = 2, .device = "eth0"});
  request_.table_in = 78;
  state_.rules.push_back({.priority = 500, .table = 78});
  try {
    refuse_conflicts(request_, state_);
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported);
    for (const char* part :
         {"tun0 and tun1", "2 things are in the way", "inet 192.168.13.77/24 scope global eth0",
          "500: from all lookup 78", "hint: choose other addresses"})
      EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

TEST_F(PreflightTest, AnAddressBringsItsRoutesAlong) {
  state_.addresses.push_back(
      {.prefix = IpPrefix::parse("192.168.13.77/24"), .device_index = 2, .device = "eth0"});
  for (const char* destination : {"192.168.13.0/24", "192.168.13.99/32"})
    state_.routes.push_back({.destination = IpPrefix::parse(destination),
                             .protocol = RTPROT_KERNEL,
                             .device_index = 2,
                             .device = "eth0"});
  EXPECT_THAT(find(), ElementsAre(conflict("overlaps the subnet of another interface",
                                           "inet 192.168.13.77/24 scope global eth0")));
}

TEST_F(PreflightTest, ManyConflictsMakeAFewLines) {
  for (int host = 1; host <= 200; ++host)
    state_.routes.push_back(
        {.destination = IpPrefix::parse("192.168.13." + std::to_string(host) + "/32"),
         .protocol = RTPROT_STATIC,
         .device_index = 2,
         .device = "eth0"});
  try {
    refuse_conflicts(request_, state_);
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_THAT(text, AllOf(HasSubstr("200 things are in the way"), HasSubstr("192.168.13.1 dev"),
                            HasSubstr("and 197 more"), HasSubstr("hint: ")));
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 8) << text;
  }
}

}  // namespace
}  // namespace tunrelay::test
