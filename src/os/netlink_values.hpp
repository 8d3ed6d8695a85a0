// SPDX-License-Identifier: MIT
// Values out of rtnetlink attributes, with what an absent attribute stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "os/netlink.hpp"

namespace tunrelay {

/// More than any kernel knows of one object, so that those newer than our headers are seen too.
inline constexpr std::size_t kAttributeCount = 96;

inline std::span<const std::byte> bytes_of(const nlattr& attribute) {
  return {static_cast<const std::byte*>(mnl_attr_get_payload(&attribute)),
          mnl_attr_get_payload_len(&attribute)};
}

/// A number of the attribute's own size (u8, u16, u32), or FALLBACK when it is absent or odd.
template <typename Number>
Number number_of(const nlattr* attribute, Number fallback = {}) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != sizeof(Number))
    return fallback;
  Number value{};
  std::memcpy(&value, mnl_attr_get_payload(attribute), sizeof value);
  return value;
}

inline std::string text_of(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const auto bytes = bytes_of(*attribute);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.substr(0, text.find('\0'));
}

inline bool is_address(const nlattr* attribute) {
  return attribute != nullptr &&
         (mnl_attr_get_payload_len(attribute) == 4 || mnl_attr_get_payload_len(attribute) == 16);
}

/// The fixed header behind nlmsghdr.
template <typename Header>
Header fixed_header(const nlmsghdr& message) {
  Header header{};
  if (mnl_nlmsg_get_payload_len(&message) >= sizeof header)
    std::memcpy(&header, mnl_nlmsg_get_payload(&message), sizeof header);
  return header;
}

/// The attributes whose numbers KNOWN does not hold, raw: they have no name here but must not
/// be overlooked when two states are compared.
template <std::size_t Count, std::size_t KnownCount>
std::vector<std::byte> other_attributes(const NetlinkAttributes<Count>& attributes,
                                        const std::array<std::uint16_t, KnownCount>& known) {
  std::vector<std::byte> others;
  for (std::size_t number = 1; number < Count; ++number) {
    const nlattr* attribute = attributes[number];
    if (attribute == nullptr) continue;
    bool is_known = false;
    for (const std::uint16_t one : known) is_known = is_known || one == number;
    if (is_known) continue;
    const auto* bytes = reinterpret_cast<const std::byte*>(attribute);
    others.insert(others.end(), bytes, bytes + attribute->nla_len);
  }
  return others;
}

/// "any" of the family: 0.0.0.0/0 or ::/0.
inline IpPrefix any_prefix(int address_family) {
  constexpr std::array<std::byte, 16> kZeros{};
  const std::size_t size = address_family == AF_INET ? 4 : 16;
  return {IpAddress(std::span(kZeros).first(size)), 0};
}

}  // namespace tunrelay
