// SPDX-License-Identifier: MIT
#include "route/model/rule.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/ensure.hpp"
#include "os/netlink_values.hpp"
#include "route/model/iproute_text.hpp"

namespace tunrelay {
namespace {

constexpr std::array<std::uint16_t, 18> kKnownRuleAttributes{
    FRA_DST,         FRA_SRC,      FRA_IIFNAME,   FRA_GOTO,
    FRA_PRIORITY,    FRA_FWMARK,   FRA_FWMASK,    FRA_TABLE,
    FRA_OIFNAME,     FRA_PAD,      FRA_L3MDEV,    FRA_SUPPRESS_PREFIXLEN,
    FRA_IP_PROTO,    FRA_PROTOCOL, FRA_UID_RANGE, FRA_SPORT_RANGE,
    FRA_DPORT_RANGE, FRA_UNSPEC};

std::optional<IpPrefix> prefix_of(const nlattr* attribute, int length, int address_family) {
  if (is_address(attribute)) return IpPrefix{IpAddress(bytes_of(*attribute)), length};
  if (length != 0) return IpPrefix{any_prefix(address_family).address, length};
  return std::nullopt;
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> ports_of(const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const auto range = number_of<fib_rule_port_range>(attribute);
  return std::pair{range.start, range.end};
}

void decode_narrow_selectors(const NetlinkAttributes<kAttributeCount>& attributes, Rule& rule) {
  if (attributes[FRA_UID_RANGE] != nullptr) {
    const auto range = number_of<fib_rule_uid_range>(attributes[FRA_UID_RANGE]);
    rule.user_ids = std::pair{range.start, range.end};
  }
  rule.ip_protocol = number_of<std::uint8_t>(attributes[FRA_IP_PROTO]);
  rule.source_ports = ports_of(attributes[FRA_SPORT_RANGE]);
  rule.destination_ports = ports_of(attributes[FRA_DPORT_RANGE]);
}

std::string port_text(const char* keyword,
                      const std::optional<std::pair<std::uint16_t, std::uint16_t>>& ports) {
  if (!ports) return {};
  if (ports->first == ports->second) return fmt::format(" {} {}", keyword, ports->first);
  return fmt::format(" {} {}-{}", keyword, ports->first, ports->second);
}

std::string action_text(const Rule& rule) {
  switch (rule.action) {
    case FR_ACT_TO_TBL:
      return rule.l3mdev ? "lookup [l3mdev-table]" : "lookup " + table_name(rule.table);
    case FR_ACT_GOTO:
      return fmt::format("goto {}", rule.goto_priority);
    case FR_ACT_NOP:
      return "nop";
    // The other actions bear the numbers of the route types of the same name.
    default:
      return route_type_name(rule.action);
  }
}

std::string prefix_text(const IpPrefix& prefix) {
  return prefix.length == prefix.address.bits() ? prefix.address.to_string() : prefix.to_string();
}

std::string selector_text(const Rule& rule, bool with_state) {
  std::string line = rule.invert ? "not from " : "from ";
  line += rule.source ? prefix_text(*rule.source) : "all";
  if (rule.destination) line += " to " + prefix_text(*rule.destination);
  if (rule.tos != 0) line += fmt::format(" tos {:#x}", rule.tos);
  if (rule.mark != 0 || rule.mark_mask != 0) {
    line += fmt::format(" fwmark {:#x}", rule.mark);
    if (rule.mark_mask != 0xffffffff) line += fmt::format("/{:#x}", rule.mark_mask);
  }
  if (!rule.iif.empty()) line += " iif " + rule.iif;
  if (with_state && rule.iif_detached) line += " [detached]";
  if (!rule.oif.empty()) line += " oif " + rule.oif;
  if (with_state && rule.oif_detached) line += " [detached]";
  if (rule.user_ids)
    line += fmt::format(" uidrange {}-{}", rule.user_ids->first, rule.user_ids->second);
  if (rule.ip_protocol != 0) line += fmt::format(" ipproto {}", rule.ip_protocol);
  return line + port_text("sport", rule.source_ports) + port_text("dport", rule.destination_ports);
}

std::string text(const Rule& rule, bool with_state) {
  std::string line = selector_text(rule, with_state) + " " + action_text(rule);
  if (rule.suppress_prefix_length >= 0)
    line += fmt::format(" suppress_prefixlength {}", rule.suppress_prefix_length);
  return line;
}

}  // namespace

Rule decode_rule(const nlmsghdr& message) {
  const auto header = fixed_header<fib_rule_hdr>(message);
  const auto attributes = parse_attributes<kAttributeCount>(message, sizeof header);
  Rule rule;
  rule.family = header.family == AF_INET ? IpFamily::kIpv4 : IpFamily::kIpv6;
  rule.priority = number_of<std::uint32_t>(attributes[FRA_PRIORITY]);
  rule.action = header.action;
  rule.table = number_of<std::uint32_t>(attributes[FRA_TABLE], header.table);
  rule.protocol = number_of<std::uint8_t>(attributes[FRA_PROTOCOL]);
  rule.source = prefix_of(attributes[FRA_SRC], header.src_len, header.family);
  rule.destination = prefix_of(attributes[FRA_DST], header.dst_len, header.family);
  rule.iif = text_of(attributes[FRA_IIFNAME]);
  rule.oif = text_of(attributes[FRA_OIFNAME]);
  rule.mark = number_of<std::uint32_t>(attributes[FRA_FWMARK]);
  rule.mark_mask = number_of<std::uint32_t>(attributes[FRA_FWMASK]);
  rule.tos = header.tos;
  rule.invert = (header.flags & FIB_RULE_INVERT) != 0;
  rule.l3mdev = number_of<std::uint8_t>(attributes[FRA_L3MDEV]) != 0;
  rule.iif_detached = (header.flags & FIB_RULE_IIF_DETACHED) != 0;
  rule.oif_detached = (header.flags & FIB_RULE_OIF_DETACHED) != 0;
  rule.goto_priority = number_of<std::uint32_t>(attributes[FRA_GOTO]);
  rule.suppress_prefix_length = number_of<int>(attributes[FRA_SUPPRESS_PREFIXLEN], -1);
  decode_narrow_selectors(attributes, rule);
  rule.others = other_attributes(attributes, kKnownRuleAttributes);
  return rule;
}

NetlinkMessage encode_rule(std::uint16_t type, std::uint16_t flags, const Rule& rule) {
  ensure(rule.others.empty() && rule.mark_mask == 0 && !rule.invert && !rule.l3mdev &&
             !rule.user_ids && rule.ip_protocol == 0 && !rule.source_ports &&
             !rule.destination_ports && rule.suppress_prefix_length < 0,
         "a rule of ours chooses by interfaces and addresses alone");
  NetlinkMessage message(type, flags);
  auto& header = message.header<fib_rule_hdr>();
  header.family = rule.family == IpFamily::kIpv4 ? AF_INET : AF_INET6;
  header.action = rule.action;
  header.tos = rule.tos;
  if (rule.source) header.src_len = static_cast<std::uint8_t>(rule.source->length);
  if (rule.destination) header.dst_len = static_cast<std::uint8_t>(rule.destination->length);
  header.table =
      static_cast<std::uint8_t>(rule.table < 256 ? rule.table : std::uint32_t{RT_TABLE_UNSPEC});
  // Always said, also when it is 0: the kernel would choose another one.
  message.put_u32(FRA_PRIORITY, rule.priority);
  message.put_u32(FRA_TABLE, rule.table);
  if (rule.source && rule.source->length != 0) message.put_address(FRA_SRC, rule.source->address);
  if (rule.destination && rule.destination->length != 0)
    message.put_address(FRA_DST, rule.destination->address);
  if (!rule.iif.empty()) message.put_text(FRA_IIFNAME, rule.iif);
  if (!rule.oif.empty()) message.put_text(FRA_OIFNAME, rule.oif);
  if (rule.protocol != RTPROT_UNSPEC) message.put_u8(FRA_PROTOCOL, rule.protocol);
  return message;
}

bool is_same_choice(const Rule& left, const Rule& right) {
  Rule like_left = right;
  like_left.protocol = left.protocol;
  like_left.iif_detached = left.iif_detached;
  like_left.oif_detached = left.oif_detached;
  return like_left == left;
}

bool is_local_rule(const Rule& rule) {
  const Rule plain{.family = rule.family, .priority = rule.priority, .table = RT_TABLE_LOCAL};
  return is_same_choice(rule, plain);
}

std::string to_line(const Rule& rule) {
  std::string line = fmt::format("{}: {}", rule.priority, text(rule, true));
  // `ip` leaves out kernel, the protocol of the three rules of every host.
  if (rule.protocol != RTPROT_UNSPEC && rule.protocol != RTPROT_KERNEL)
    line += " proto " + protocol_name(rule.protocol);
  return line;
}

std::string choice_text(const Rule& rule) {
  return text(rule, false);
}

}  // namespace tunrelay
