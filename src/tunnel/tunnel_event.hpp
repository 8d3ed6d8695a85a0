// SPDX-License-Identifier: MIT
// What happens to a running tunnel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "route/model/tunnel_ends.hpp"
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

/// That a's and b's MTUs, MTU_BYTES, are not the same, and what that means.
[[nodiscard]] TunnelEvent differing_mtu_event(const TunnelEnds& ends,
                                              const std::array<std::uint32_t, 2>& mtu_bytes);

/// What an event of the routes is to the tunnel.
[[nodiscard]] TunnelEvent::Kind kind_of(RouteEvent::Kind kind) noexcept;

}  // namespace tunrelay
