// SPDX-License-Identifier: MIT
#include "route/model/iproute_text.hpp"

#include <linux/rtnetlink.h>

#include <array>
#include <span>

namespace tunrelay {
namespace {

struct Name {
  std::uint32_t number;
  const char* name;
};

std::string name_for(std::uint32_t number, std::span<const Name> names) {
  for (const Name& entry : names)
    if (entry.number == number) return entry.name;
  return std::to_string(number);
}

}  // namespace

std::string table_name(std::uint32_t table) {
  constexpr std::array<Name, 3> kNames{
      {{RT_TABLE_LOCAL, "local"}, {RT_TABLE_MAIN, "main"}, {RT_TABLE_DEFAULT, "default"}}};
  return name_for(table, kNames);
}

std::string protocol_name(std::uint8_t protocol) {
  constexpr std::array<Name, 7> kNames{{{RTPROT_REDIRECT, "redirect"},
                                        {RTPROT_KERNEL, "kernel"},
                                        {RTPROT_BOOT, "boot"},
                                        {RTPROT_STATIC, "static"},
                                        {RTPROT_RA, "ra"},
                                        {RTPROT_DHCP, "dhcp"},
                                        {RTPROT_BGP, "bgp"}}};
  return name_for(protocol, kNames);
}

std::string scope_name(std::uint8_t scope) {
  constexpr std::array<Name, 5> kNames{{{RT_SCOPE_UNIVERSE, "global"},
                                        {RT_SCOPE_SITE, "site"},
                                        {RT_SCOPE_LINK, "link"},
                                        {RT_SCOPE_HOST, "host"},
                                        {RT_SCOPE_NOWHERE, "nowhere"}}};
  return name_for(scope, kNames);
}

std::string route_type_name(std::uint8_t type) {
  constexpr std::array<Name, 11> kNames{{{RTN_UNICAST, "unicast"},
                                         {RTN_LOCAL, "local"},
                                         {RTN_BROADCAST, "broadcast"},
                                         {RTN_ANYCAST, "anycast"},
                                         {RTN_MULTICAST, "multicast"},
                                         {RTN_BLACKHOLE, "blackhole"},
                                         {RTN_UNREACHABLE, "unreachable"},
                                         {RTN_PROHIBIT, "prohibit"},
                                         {RTN_THROW, "throw"},
                                         {RTN_NAT, "nat"},
                                         {RTN_XRESOLVE, "xresolve"}}};
  return name_for(type, kNames);
}

}  // namespace tunrelay
