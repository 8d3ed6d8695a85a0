// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_event.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tunrelay {

TunnelEvent differing_mtu_event(const TunnelEnds& ends,
                                const std::array<std::uint32_t, 2>& mtu_bytes) {
  const std::string& a = ends.a.device;
  const std::string& b = ends.b.device;
  const std::uint32_t smaller = std::min(mtu_bytes[0], mtu_bytes[1]);
  return {TunnelEvent::Kind::kNote,
          fmt::format("The MTUs differ, {} has {} and {} has {}: packets over {} are dropped and "
                      "counted as over_mtu. Make them equal: ip link set {} mtu {}.",
                      a, mtu_bytes[0], b, mtu_bytes[1], smaller,
                      mtu_bytes[0] < mtu_bytes[1] ? b : a, smaller)};
}

std::string_view to_string(TunnelEvent::Kind kind) noexcept {
  switch (kind) {
    case TunnelEvent::Kind::kBroken:
      return "broken";
    case TunnelEvent::Kind::kRepaired:
      return "repaired";
    case TunnelEvent::Kind::kGone:
      return "gone";
    case TunnelEvent::Kind::kNote:
      break;
  }
  return "note";
}

TunnelEvent::Kind kind_of(RouteEvent::Kind kind) noexcept {
  switch (kind) {
    case RouteEvent::Kind::kInterfaceDown:
    case RouteEvent::Kind::kBroken:
      return TunnelEvent::Kind::kBroken;
    case RouteEvent::Kind::kInterfaceUp:
    case RouteEvent::Kind::kRepaired:
      return TunnelEvent::Kind::kRepaired;
    case RouteEvent::Kind::kInterfaceDeleted:
      return TunnelEvent::Kind::kGone;
    case RouteEvent::Kind::kInterfaceRenamed:
    case RouteEvent::Kind::kMtuChanged:
    case RouteEvent::Kind::kResynced:
      break;
  }
  return TunnelEvent::Kind::kNote;
}

}  // namespace tunrelay
