// SPDX-License-Identifier: MIT
// What QUIC shows to whoever looks at its packets on their way (RFC 9312): that it is QUIC, its
// version, and the spin bit (RFC 9000, section 17.4), whose edges are a round trip apart. Ends may
// leave the bit alone, then there are no edges, or set it at random, then what is measured means
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/direction.hpp"
#include "flow/flow_counters.hpp"

namespace tunrelay {

class QuicAnalysis {
 public:
  /// PAYLOAD of a UDP datagram, or of the first of a run, read or written in DIRECTION.
  void arrived(std::span<const std::byte> payload, Direction direction, std::int64_t now_ns,
               FlowCounters& counters) noexcept;
  void left(std::span<const std::byte> payload, Direction direction, std::int64_t now_ns,
            FlowCounters& counters) noexcept;

 private:
  struct Spin {
    bool is_known = false;
    bool value = false;
    std::int64_t edge_ns = 0;  ///< 0: none yet
  };

  static void take_spin(std::span<const std::byte> payload, std::int64_t now_ns, Spin& spin,
                        RttSeries& series) noexcept;

  std::array<Spin, kDirections> as_read_, as_written_;
};

}  // namespace tunrelay
