// SPDX-License-Identifier: MIT
#include "route/model/tunnel_ends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::array<std::pair<Strategy, const char*>, 3> kNames{
    {{Strategy::kPolicy, "policy"},
     {Strategy::kClassic, "classic"},
     {Strategy::kNamespaces, "namespaces"}}};

}  // namespace

std::string to_string(Strategy strategy) {
  for (const auto& [value, name] : kNames)
    if (value == strategy) return name;
  ensure(false, "every strategy has a name");
  return {};
}

Strategy parse_strategy(std::string_view text) {
  for (const auto& [value, name] : kNames)
    if (text == name) return value;
  throw_usage_error("read the routing strategy", fmt::format("'{}'", text), "there is none",
                    "choose policy, classic or namespaces");
}

std::vector<IpPrefix> addresses_of(const TunnelEnd& end, IpFamily family) {
  std::vector<IpPrefix> addresses;
  std::copy_if(end.addresses.begin(), end.addresses.end(), std::back_inserter(addresses),
               [family](const IpPrefix& prefix) { return prefix.address.family() == family; });
  return addresses;
}

std::vector<IpFamily> families_of(const TunnelEnd& end) {
  std::vector<IpFamily> families;
  for (const IpFamily family : {IpFamily::kIpv4, IpFamily::kIpv6})
    if (!addresses_of(end, family).empty()) families.push_back(family);
  return families;
}

}  // namespace tunrelay
