// SPDX-License-Identifier: MIT
// Packets of a capture as they would stand on a wire: a super-packet cut into its segments, every
// checksum completed.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "packet/packet.hpp"

namespace tunrelay {

/// Used by one thread.
class WireCutter {
 public:
  explicit WireCutter(LinkType link_type) : link_type_(link_type) {}

  /// Calls EACH for every wire segment of FRAME, a whole packet or run with its HEADER, in their
  /// order; the bytes are there until EACH returns. Changes FRAME. One that the relay has refused
  /// as malformed comes as it is.
  using Each = std::function<void(std::span<const std::byte> segment, std::uint16_t number)>;
  void cut(std::span<std::byte> frame, VirtioNetHeader header, const Each& each);

 private:
  LinkType link_type_;
  std::vector<std::byte> segment_;
};

}  // namespace tunrelay
