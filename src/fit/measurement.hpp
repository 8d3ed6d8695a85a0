// SPDX-License-Identifier: MIT
// What was measured of a real link, whatever measured it: which packets were sent, which arrived,
// and when.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tunrelay {

struct SentPacket {
  std::int64_t sent_ns = 0;  ///< since any moment that all packets share; 0 where it is not known
  std::uint32_t bytes = 0;   ///< of the IP packet; 0: not known
  bool arrived = false;
  std::optional<std::int64_t> delay_ns = {};  ///< empty: lost, or not known; never below 0
};

/// In the order in which they were sent.
using SentPackets = std::vector<SentPacket>;

struct LinkMeasurement {
  std::string from;  ///< what was measured, for the reader
  /// Delays are of the way there and back, and stand with the packets of the way back, or of a
  /// flow where there are none. Else each way has its own.
  bool round_trips = true;
  std::array<SentPackets, 2> packets;  ///< 0: a to b, 1: b to a
  /// Of one TCP flow that may have filled the link, a to b: what its rate is fitted to. Empty: it
  /// is fitted to `packets`.
  SentPackets flow;
};

/// No measurement has more packets.
inline constexpr std::size_t kMaxMeasuredPackets = 10'000'000;

}  // namespace tunrelay
