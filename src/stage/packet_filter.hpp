// SPDX-License-Identifier: MIT
// A tcpdump expression, matched against packets on their way: `udp port 53`, `icmp6`,
// `host 10.0.0.1`.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "packet/packet.hpp"

namespace tunrelay {

/// The expression, compiled by libpcap for what stands first in a frame of that link. Used by one
/// thread: it has scratch memory.
class PacketFilter {
 public:
  /// Throws a usage Error with libpcap's message, or for over 2 KiB.
  PacketFilter(const std::string& expression, LinkType type);
  ~PacketFilter();
  PacketFilter(PacketFilter&&) noexcept;
  PacketFilter& operator=(PacketFilter&&) noexcept;
  PacketFilter(const PacketFilter&) = delete;
  PacketFilter& operator=(const PacketFilter&) = delete;

  /// Whether the packet matches. Of a super-packet the run's first wire segment is matched, with
  /// its own length, and the others are taken to be alike: they are of one flow.
  [[nodiscard]] bool matches(const Packet& packet) noexcept;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

}  // namespace tunrelay
