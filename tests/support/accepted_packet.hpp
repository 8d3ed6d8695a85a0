// SPDX-License-Identifier: MIT
// A packet as stages get it: one that parse() has accepted.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "support/owned_packet.hpp"

namespace tunrelay::test {

/// The packet of FRAME, which parse() must accept, in the slot BUFFER.
inline OwnedPacket accepted_packet(const Frame& frame, BufferId buffer = 0,
                                   const LinkLimits& limits = {}) {
  OwnedPacket owned(frame, limits);
  EXPECT_EQ(owned.fault, std::nullopt);
  owned.packet.buffer = buffer;
  return owned;
}

}  // namespace tunrelay::test
