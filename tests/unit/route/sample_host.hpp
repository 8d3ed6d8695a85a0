// SPDX-License-Identifier: MIT
// A host as plain data, for tests of plans and conflicts: lo, eth0 with an address and a default
// route, the three rules of every host, and two TUN interfaces without anything.
#pragma once

#include <linux/if_link.h>

#include <string>
#include <vector>

#include "route/model/host_state.hpp"
#include "route/plan/plan.hpp"

namespace tunrelay::test {

inline std::vector<Rule> kernel_rules() {
  std::vector<Rule> rules;
  for (const IpFamily family : {IpFamily::kIpv4, IpFamily::kIpv6}) {
    rules.push_back(
        {.family = family, .priority = 0, .table = RT_TABLE_LOCAL, .protocol = RTPROT_KERNEL});
    rules.push_back(
        {.family = family, .priority = 32766, .table = RT_TABLE_MAIN, .protocol = RTPROT_KERNEL});
  }
  return rules;
}

inline Interface tun_link(int index, const std::string& name) {
  return {.index = index,
          .name = name,
          .kind = "tun",
          .mtu_bytes = 1500,
          .txqueuelen = 500,
          .address_generation = IN6_ADDR_GEN_MODE_EUI64};
}

inline HostState sample_host() {
  HostState state;
  state.interfaces = {{.index = 1, .name = "lo", .up = true, .loopback = true, .mtu_bytes = 65536},
                      {.index = 2, .name = "eth0", .up = true, .carrier = true, .mtu_bytes = 1500},
                      tun_link(7, "tun0"),
                      tun_link(8, "tun1")};
  state.addresses = {
      {.prefix = IpPrefix::parse("10.0.0.5/24"), .device_index = 2, .device = "eth0"}};
  state.rules = kernel_rules();
  state.routes = {{.destination = IpPrefix::parse("0.0.0.0/0"),
                   .protocol = RTPROT_STATIC,
                   .device_index = 2,
                   .device = "eth0",
                   .gateway = IpAddress::parse("10.0.0.1")},
                  {.destination = IpPrefix::parse("10.0.0.0/24"),
                   .protocol = RTPROT_KERNEL,
                   .scope = RT_SCOPE_LINK,
                   .device_index = 2,
                   .device = "eth0"}};
  state.settings = {{"net/ipv6/conf/all/disable_ipv6", "0"},
                    {"net/ipv6/conf/default/disable_ipv6", "0"}};
  state.has_ipv6 = true;
  return state;
}

enum class Families { kIpv4, kIpv6, kBoth };

inline std::string to_string(Families families) {
  return families == Families::kIpv4 ? "ipv4" : families == Families::kIpv6 ? "ipv6" : "both";
}

inline std::vector<IpPrefix> sample_addresses(Families families, const std::string& host) {
  std::vector<IpPrefix> addresses;
  if (families != Families::kIpv6)
    addresses.push_back(IpPrefix::parse("192.168.13." + host + "/24"));
  if (families != Families::kIpv4) addresses.push_back(IpPrefix::parse("fd13::" + host + "/64"));
  return addresses;
}

inline PlanRequest sample_request(Strategy strategy, Families families) {
  PlanRequest request;
  request.strategy = strategy;
  request.a.device = "tun0";
  request.a.addresses = sample_addresses(families, "1");
  request.b.device = "tun1";
  request.b.addresses = sample_addresses(families, "2");
  return request;
}

}  // namespace tunrelay::test
