// SPDX-License-Identifier: MIT
// What happens to a running tunnel.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "route/watch/monitor.hpp"

namespace tunrelay {

/// As text, for the user.
struct TunnelEvent {
  enum class Kind { kNote, kBroken, kRepaired, kGone };

  static constexpr std::size_t kKinds = 4;

  Kind kind = Kind::kNote;
  std::string text;
};
[[nodiscard]] std::string_view to_string(TunnelEvent::Kind kind) noexcept;

/// What an event of the routes is to the tunnel.
[[nodiscard]] TunnelEvent::Kind kind_of(RouteEvent::Kind kind) noexcept;

}  // namespace tunrelay
