// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_event.hpp"

namespace tunrelay {

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
