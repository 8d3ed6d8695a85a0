// SPDX-License-Identifier: MIT
// One rule of the routing policy: which table is looked up, for which packets.
#pragma once

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.hpp"
#include "os/netlink.hpp"

namespace tunrelay {

struct Rule {
  IpFamily family = IpFamily::kIpv4;
  std::uint32_t priority = 0;  ///< the smallest is looked up first
  std::uint8_t action = FR_ACT_TO_TBL;
  std::uint32_t table = RT_TABLE_UNSPEC;
  std::uint8_t protocol = RTPROT_UNSPEC;  ///< who added it
  std::optional<IpPrefix> source{};       ///< nothing: from all
  std::optional<IpPrefix> destination{};  ///< nothing: to all
  std::string iif{};                      ///< arrival interface; "lo": made by this host
  std::string oif{};
  std::uint32_t mark = 0;
  std::uint32_t mark_mask = 0;
  std::uint8_t tos = 0;
  bool invert = false;
  bool l3mdev = false;
  bool iif_detached = false;  ///< no interface has that name at this moment
  bool oif_detached = false;
  std::uint32_t goto_priority = 0;  ///< of FR_ACT_GOTO
  int suppress_prefix_length = -1;  ///< -1: none
  std::optional<std::pair<std::uint32_t, std::uint32_t>> user_ids{};
  std::uint8_t ip_protocol = 0;
  std::optional<std::pair<std::uint16_t, std::uint16_t>> source_ports{};
  std::optional<std::pair<std::uint16_t, std::uint16_t>> destination_ports{};
  std::vector<std::byte> others{};  ///< attributes that have no name here, raw

  bool operator==(const Rule&) const = default;
};

/// From an RTM_NEWRULE or RTM_DELRULE message.
Rule decode_rule(const nlmsghdr& message);

/// RTM_NEWRULE or RTM_DELRULE for a rule by table, interfaces and addresses (the only kind
/// that we make or move).
NetlinkMessage encode_rule(std::uint16_t type, std::uint16_t flags, const Rule& rule);

/// Whether both choose the same packets, at the same place, for the same table, whoever added
/// them.
bool is_same_choice(const Rule& left, const Rule& right);

/// Whether the rule hands every packet to table `local`, as the kernel's own at priority 0.
bool is_local_rule(const Rule& rule);

/// As `ip rule` shows it: "10: from all iif tun0 lookup 5213 proto 213".
std::string to_line(const Rule& rule);
/// The selector and the action alone, as `ip rule add` wants them: "from all iif tun0 lookup 5213".
std::string choice_text(const Rule& rule);

}  // namespace tunrelay
