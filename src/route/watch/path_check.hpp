// SPDX-License-Identifier: MIT
// Whether traffic between the two ends takes the way through the tunnel, by a lookup in the
// kernel's routing tables: what leaves for the peer must leave by the right device, and what
// arrives on the other device must be delivered. When a device goes down, traffic may go over lo
// instead and nobody notices: so this is checked at start, after every change, and around
// measurements.
//
// No packet is sent here; path_probe.hpp sends one.
#pragma once

#include <string>
#include <vector>

#include "base/direction.hpp"
#include "base/ip_address.hpp"
#include "route/apply/end_socket.hpp"
#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

struct PathFinding {
  Direction direction = Direction::kAToB;
  IpAddress target{};  ///< the address that the traffic is for
  std::string text{};  ///< a sentence: "Traffic for 192.168.13.2 leaves by lo, not by tun0."
};

struct PathCheck {
  std::vector<PathFinding> findings{};

  [[nodiscard]] bool is_whole() const noexcept { return findings.empty(); }
  /// The findings, a line each.
  [[nodiscard]] std::string to_string() const;
  /// The first one, and how many more there are: a line without its end. Empty when it is whole.
  [[nodiscard]] std::string summary() const;
};

/// One end sends to the other.
struct PathEnds {
  const TunnelEnd& source;
  const TunnelEnd& target;
};
PathEnds ends_of(const TunnelEnds& ends, Direction direction);

/// In the calling thread's network namespace, and in those that ENDS name, by sockets that SOURCE
/// opens there; empty: the calling thread. Devices are looked up by name. What can't be read is a
/// finding too.
PathCheck check_path(const TunnelEnds& ends, const EndSocketSource& source = {});

}  // namespace tunrelay
