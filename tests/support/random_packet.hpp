// SPDX-License-Identifier: MIT
// Random packets: valid ones of every form that the module `packet` knows, and damaged ones.
#pragma once

#include <cstddef>

#include "support/naive_packet.hpp"
#include "support/random.hpp"

namespace tunrelay::test {

/// The largest MTU, so that no valid packet is refused for its size.
inline constexpr std::uint32_t kAnyMtu = 65575;

/// A TCP or UDP packet of either IP version on either link, sometimes with options,
/// extension headers, VLAN tags, ECN bits; a super-packet when WITH_GSO.
[[nodiscard]] PacketSpec random_spec(SeededRandom& random, bool with_gso);

/// Changes some bytes, lengths or virtio-net fields of FRAME, or cuts it.
void damage(SeededRandom& random, Frame& frame);

}  // namespace tunrelay::test
