// SPDX-License-Identifier: MIT
#include "packet/describe_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/ip_address.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

struct NamedType {
  std::uint8_t type;
  std::string_view name;
};

/// IANA's ICMP type numbers, those that a host meets.
constexpr std::array kIcmpTypes{NamedType{0, "echo reply"},
                                NamedType{3, "destination unreachable"},
                                NamedType{5, "redirect"},
                                NamedType{8, "echo request"},
                                NamedType{9, "router advertisement"},
                                NamedType{10, "router solicitation"},
                                NamedType{11, "time exceeded"},
                                NamedType{12, "parameter problem"},
                                NamedType{13, "timestamp request"},
                                NamedType{14, "timestamp reply"}};

constexpr std::array kIcmpv6Types{NamedType{1, "destination unreachable"},
                                  NamedType{2, "packet too big"},
                                  NamedType{3, "time exceeded"},
                                  NamedType{4, "parameter problem"},
                                  NamedType{128, "echo request"},
                                  NamedType{129, "echo reply"},
                                  NamedType{130, "multicast listener query"},
                                  NamedType{131, "multicast listener report"},
                                  NamedType{132, "multicast listener done"},
                                  NamedType{133, "router solicitation"},
                                  NamedType{134, "router advertisement"},
                                  NamedType{135, "neighbor solicitation"},
                                  NamedType{136, "neighbor advertisement"},
                                  NamedType{137, "redirect"},
                                  NamedType{143, "multicast listener report v2"}};

std::string name_of(std::span<const NamedType> types, std::uint8_t type, std::uint8_t code) {
  const auto found = std::ranges::find(types, type, &NamedType::type);
  if (found == types.end()) return fmt::format(" type {} code {}", type, code);
  return code == 0 ? fmt::format(" {}", found->name)
                   : fmt::format(" {} code {}", found->name, code);
}

std::string describe_echo(std::span<const std::byte> bytes) {
  if (bytes.size() < 8) return {};
  return fmt::format(" id {} seq {}", load_u16(bytes.data() + 4), load_u16(bytes.data() + 6));
}

}  // namespace

std::string describe_icmp(std::span<const std::byte> bytes) {
  if (bytes.size() < 2) return {};
  const std::uint8_t type = load_u8(bytes.data());
  constexpr std::uint8_t kEchoReply = 0;
  constexpr std::uint8_t kEchoRequest = 8;
  return name_of(kIcmpTypes, type, load_u8(bytes.data() + 1)) +
         (type == kEchoReply || type == kEchoRequest ? describe_echo(bytes) : std::string{});
}

std::string describe_icmpv6(std::span<const std::byte> bytes) {
  if (bytes.size() < 2) return {};
  const std::uint8_t type = load_u8(bytes.data());
  constexpr std::uint8_t kEchoRequest = 128;
  constexpr std::uint8_t kEchoReply = 129;
  constexpr std::uint8_t kNeighborSolicitation = 135;
  constexpr std::uint8_t kNeighborAdvertisement = 136;
  std::string text = name_of(kIcmpv6Types, type, load_u8(bytes.data() + 1));
  if (type == kEchoReply || type == kEchoRequest) return text + describe_echo(bytes);
  // RFC 4861, 4.3 and 4.4: the target stands behind 4 reserved bytes.
  if ((type == kNeighborSolicitation || type == kNeighborAdvertisement) && bytes.size() >= 24)
    text += " of " + IpAddress{bytes.subspan(8, 16)}.to_string();
  return text;
}

std::string describe_arp(std::span<const std::byte> bytes) {
  // RFC 826 for IPv4 over Ethernet: types and lengths, operation, then both ends' MAC and IP.
  constexpr std::size_t kArpBytes = 28;
  constexpr std::uint16_t kEthernetHardware = 1;
  if (bytes.size() < kArpBytes || load_u16(bytes.data()) != kEthernetHardware ||
      load_u16(bytes.data() + 2) != ethernet::kTypeIpv4)
    return "ARP";
  const std::uint16_t operation = load_u16(bytes.data() + 6);
  const std::string sender = IpAddress{bytes.subspan(14, 4)}.to_string();
  const std::string target = IpAddress{bytes.subspan(24, 4)}.to_string();
  if (operation == 1) return fmt::format("ARP who has {}, tell {}", target, sender);
  if (operation == 2) return fmt::format("ARP {} is at {}", sender, describe_mac(bytes.data() + 8));
  return fmt::format("ARP operation {}", operation);
}

std::string describe_mac(const std::byte* at) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", load_u8(at), load_u8(at + 1),
                     load_u8(at + 2), load_u8(at + 3), load_u8(at + 4), load_u8(at + 5));
}

}  // namespace tunrelay
