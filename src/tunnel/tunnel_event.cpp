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

}  // namespace tunrelay
