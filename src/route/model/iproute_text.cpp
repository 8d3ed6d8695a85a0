// SPDX-License-Identifier: MIT
#include "route/model/iproute_text.hpp"

#include <linux/rtnetlink.h>

#include <array>
#include <span>

namespace tunrelay {
namespace {

struct Word {
  std::uint32_t number;
  const char* name;
};

std::string word_for(std::uint32_t number, std::span<const Word> words) {
  for (const Word& word : words)
    if (word.number == number) return word.name;
  return std::to_string(number);
}

}  // namespace

std::string table_name(std::uint32_t table) {
  constexpr std::array<Word, 3> kWords{
      {{RT_TABLE_LOCAL, "local"}, {RT_TABLE_MAIN, "main"}, {RT_TABLE_DEFAULT, "default"}}};
  return word_for(table, kWords);
}

std::string protocol_name(std::uint8_t protocol) {
  constexpr std::array<Word, 7> kWords{{{RTPROT_REDIRECT, "redirect"},
                                        {RTPROT_KERNEL, "kernel"},
                                        {RTPROT_BOOT, "boot"},
                                        {RTPROT_STATIC, "static"},
                                        {RTPROT_RA, "ra"},
                                        {RTPROT_DHCP, "dhcp"},
                                        {RTPROT_BGP, "bgp"}}};
  return word_for(protocol, kWords);
}

std::string scope_name(std::uint8_t scope) {
  constexpr std::array<Word, 5> kWords{{{RT_SCOPE_UNIVERSE, "global"},
                                        {RT_SCOPE_SITE, "site"},
                                        {RT_SCOPE_LINK, "link"},
                                        {RT_SCOPE_HOST, "host"},
                                        {RT_SCOPE_NOWHERE, "nowhere"}}};
  return word_for(scope, kWords);
}

std::string route_type_name(std::uint8_t type) {
  constexpr std::array<Word, 11> kWords{{{RTN_UNICAST, "unicast"},
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
  return word_for(type, kWords);
}

}  // namespace tunrelay
