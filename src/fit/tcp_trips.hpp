// SPDX-License-Identifier: MIT
// The segments of TCP flows in a capture that was made where they are sent: when each was sent, and
// when it was acknowledged.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "fit/captured_packet.hpp"
#include "fit/measurement.hpp"

namespace tunrelay {

class TcpTrips {
 public:
  void look(const CapturedPacket& packet);
  /// The segments of the flow with the most bytes, from SOURCE where that is not empty; without
  /// those at its end that may still have been under way. Empty: there is none of a hundred
  /// segments, too few to fit anything to.
  [[nodiscard]] SentPackets largest(std::string_view source);

 private:
  /// A segment that is not acknowledged yet, by its place in `segments`.
  struct Pending {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::size_t at = 0;
    bool sent_again = false;
  };
  struct Flow {
    std::string source;
    SentPackets segments;
    std::deque<Pending> pending;
    std::uint64_t sent_end = 0;  ///< behind the last byte that was sent, in 64 bits
    std::uint64_t bytes = 0;

    /// The 64-bit number nearest to what was sent.
    [[nodiscard]] std::uint64_t unwrap(std::uint32_t number) const noexcept;
    void send(std::uint32_t sequence, std::uint32_t payload_bytes, const CapturedPacket& packet);
    void acknowledge(std::uint64_t begin, std::uint64_t end, std::int64_t now_ns);
    void forget_acknowledged();
  };

  std::map<std::string, Flow> flows_;
};

}  // namespace tunrelay
