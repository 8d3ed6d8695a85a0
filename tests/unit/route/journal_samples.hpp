// SPDX-License-Identifier: MIT
// What the tests of the journal have in common.
#pragma once

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "route/model/step.hpp"
#include "route/plan/plan.hpp"

namespace tunrelay::test {

/// The text of the error that ACTION throws, which must bear the exit code EXPECTED.
template <typename Action>
std::string error_of(const Action& action, ExitCode expected = ExitCode::kUnsupported) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), expected) << error.what();
    return error.what();
  }
  return "nothing was refused";
}

/// One of every kind of change, with every field that it can have.
inline std::vector<Step> all_kinds_of_steps() {
  const InterfaceAddress address{.prefix = IpPrefix::parse("10.1.0.1/30"),
                                 .device_index = 7,
                                 .device = "tun0",
                                 .scope = RT_SCOPE_LINK,
                                 .flags = IFA_F_NOPREFIXROUTE,
                                 .protocol = kOwnProtocol,
                                 .label = "tun0:1",
                                 .peer = IpAddress::parse("10.1.0.2"),
                                 .broadcast = IpAddress::parse("10.1.0.3"),
                                 .route_metric = 0};
  const Route route{.destination = IpPrefix::parse("fd13::/64"),
                    .type = RTN_UNICAST,
                    .table = 70000,
                    .protocol = kOwnProtocol,
                    .scope = RT_SCOPE_LINK,
                    .tos = 4,
                    .device_index = 8,
                    .device = "tun1",
                    .gateway = IpAddress::parse("fe80::1"),
                    .preferred_source = IpAddress::parse("fd13::2"),
                    .metric = 4294967295,
                    .congestion_control = "reno",
                    .onlink = true};
  const Rule rule{.family = IpFamily::kIpv6,
                  .priority = 10,
                  .table = 5213,
                  .protocol = kOwnProtocol,
                  .source = IpPrefix::parse("fd13::/64"),
                  .destination = IpPrefix::parse("fd13::2/128"),
                  .iif = "lo",
                  .oif = "tun0",
                  .tos = 8};
  const SetInterface interface {
    .device = {7, "tun0"}, .up = false, .mtu_bytes = 1500, .txqueuelen = 0,
    .address_generation = IN6_ADDR_GEN_MODE_EUI64
  };
  return {{.netns = "tunrelay-a", .change = interface, .undo = NoChange{}, .optional = true},
          {.change = MoveInterface{"tun0", "", "tunrelay-a"},
           .undo = MoveInterface{"tun0", "tunrelay-a", ""}},
          {.change = AddAddress{address}, .undo = DeleteAddress{address}},
          {.change = NoChange{}, .undo = RenewAddress{address}},
          {.change = AddRoute{route}, .undo = DeleteRoute{route}},
          {.change = AddRule{rule}, .undo = DeleteRule{rule}, .shared = true},
          {.change = SetSysctl{"net/ipv4/conf/tun0/rp_filter", "0"}, .undo = NoChange{}},
          {.change = AddNamespace{"tunrelay-a"}, .undo = DeleteNamespace{"tunrelay-a"}}};
}

}  // namespace tunrelay::test
