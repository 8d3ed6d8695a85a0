// SPDX-License-Identifier: MIT
#include "route/plan/request_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "route/plan/plan_choices.hpp"

namespace tunrelay {
namespace {

/// Addresses that no interface can have for itself: 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/3, ::/127
/// (any and loopback), ff00::/8.
bool is_unusable(const IpAddress& address) {
  for (const char* reserved : {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8"})
    if (IpPrefix::parse(reserved).contains(address)) return true;
  return false;
}

void check_addresses(const EndRequest& end) {
  if (end.addresses.empty())
    throw_usage_error("plan the routes of", end.device, "no address is wanted on it",
                      "give one, for example 192.168.13.1/24");
  for (const IpPrefix& prefix : end.addresses)
    if (is_unusable(prefix.address))
      throw_usage_error("plan the routes of", end.device,
                        fmt::format("{} is not an address of a single host", prefix.to_string()),
                        "choose one of a private network, for example 192.168.13.1/24");
}

void check_pairs(const PlanRequest& request) {
  std::set<IpAddress> seen;
  for (const EndRequest* end : {&request.a, &request.b})
    for (const IpPrefix& prefix : end->addresses)
      if (!seen.insert(prefix.address).second)
        throw_usage_error("plan the routes of", end->device,
                          fmt::format("{} is wanted twice", prefix.address.to_string()),
                          "give every end addresses of its own");
  const auto count = [](const EndRequest& end, bool is_ipv4) {
    return std::count_if(
        end.addresses.begin(), end.addresses.end(),
        [is_ipv4](const IpPrefix& prefix) { return prefix.address.is_ipv4() == is_ipv4; });
  };
  for (const bool is_ipv4 : {true, false})
    if (count(request.a, is_ipv4) != count(request.b, is_ipv4))
      throw_usage_error(
          "plan the routes of", request.a.device + " and " + request.b.device,
          fmt::format("one has {} {} addresses and the other {}", count(request.a, is_ipv4),
                      is_ipv4 ? "IPv4" : "IPv6", count(request.b, is_ipv4)),
          "give both ends as many: the first of one is the peer of the first of the other");
}

void check_tables(const PlanRequest& request) {
  for (const std::uint32_t table : {request.table_in, request.table_out})
    if (table >= RT_TABLE_DEFAULT && table <= RT_TABLE_LOCAL)
      throw_usage_error("use the table", fmt::format("{}", table),
                        "it is one of the kernel's own (default, main, local)",
                        fmt::format("choose another number, for example {}", kFirstTable));
  if (request.table_in != 0 && request.table_in == request.table_out)
    throw_usage_error("use the table", fmt::format("{}", request.table_in),
                      "it is wanted for both directions", "choose two numbers");
}

}  // namespace

void check_request(const PlanRequest& request) {
  if (request.a.device.empty() || request.b.device.empty())
    throw_usage_error("plan the routes of", "a tunnel", "an end has no interface's name");
  if (request.a.device == request.b.device)
    throw_usage_error("plan the routes of", request.a.device, "both ends have this name",
                      "give two interfaces");
  check_addresses(request.a);
  check_addresses(request.b);
  check_pairs(request);
  check_tables(request);
  if (request.strategy != Strategy::kNamespaces) return;
  check_netns_name(request.a.netns_name);
  check_netns_name(request.b.netns_name);
  if (request.a.netns_name == request.b.netns_name)
    throw_usage_error("use the network namespace", request.a.netns_name,
                      "it is wanted for both ends", "give two names");
}

}  // namespace tunrelay
