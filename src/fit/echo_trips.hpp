// SPDX-License-Identifier: MIT
// Echo requests and their replies (RFC 792, RFC 4443) in a capture.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "fit/captured_packet.hpp"
#include "fit/measurement.hpp"

namespace tunrelay {

class EchoTrips {
 public:
  struct Series {
    std::string source;
    SentPackets requests;
    std::unordered_map<std::uint16_t, std::size_t> newest;  ///< by sequence number
    std::size_t answered = 0;                               ///< requests up to the last that was
  };

  void look(const CapturedPacket& packet);
  /// The one with the most requests, up to the last that was answered; null: none was.
  [[nodiscard]] Series* longest();

 private:
  std::map<std::string, Series> series_;
};

}  // namespace tunrelay
