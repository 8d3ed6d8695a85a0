// SPDX-License-Identifier: MIT
// What looks at the packets of a tunnel's relay: the tables of flows, the capture.
#pragma once

#include "flow/flow_tables.hpp"
#include "relay/relay.hpp"
#include "tunnel/tunnel_capture.hpp"

namespace tunrelay {

/// For Relay::change_taps(), at once: shows packets to both, and not to what is null. CAPTURE runs.
[[nodiscard]] inline TapMaker taps_of(FlowTables* flows, TunnelCapture* capture) {
  return [flows, capture](Direction direction, std::size_t queue) {
    return both_taps(flows != nullptr ? flows->make_tap(direction, queue) : nullptr,
                     capture != nullptr ? capture->make_tap(direction, queue) : nullptr);
  };
}

}  // namespace tunrelay
