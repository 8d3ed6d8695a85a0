// SPDX-License-Identifier: MIT
// What the tests of parse() share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <ostream>

#include "packet/parse.hpp"
#include "support/owned_packet.hpp"
#include "support/random_packet.hpp"

namespace tunrelay {

/// For the messages of failed expectations.
inline std::ostream& operator<<(std::ostream& out, DropReason reason) {
  return out << to_string(reason);
}

namespace test {

inline Frame frame_of(std::initializer_list<int> bytes) {
  Frame frame;
  for (const int byte : bytes) frame.bytes.push_back(static_cast<std::byte>(byte));
  return frame;
}

inline std::optional<DropReason> fault_of(const Frame& frame, LinkType type = LinkType::kIp,
                                          std::uint32_t mtu_bytes = 1500) {
  return OwnedPacket{frame, {type, mtu_bytes}}.fault;
}

/// Eight segments.
inline PacketSpec super_packet(bool is_tcp = true, int ip_version = 4) {
  PacketSpec spec;
  spec.is_tcp = is_tcp;
  spec.ip_version = ip_version;
  spec.payload = counting_bytes(10000);
  spec.gso_size = 1400;
  return spec;
}

}  // namespace test
}  // namespace tunrelay
