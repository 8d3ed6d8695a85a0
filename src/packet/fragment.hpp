// SPDX-License-Identifier: MIT
// Fragments of an IPv4 packet that is too long for the next link, as a router makes them (RFC 791,
// 2.3 and 3.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/packet.hpp"

namespace tunrelay {

/// Whether FRAME, of these LAYERS, is an IPv4 packet whose sender lets routers fragment it.
[[nodiscard]] bool may_fragment(std::span<const std::byte> frame, const Layers& layers) noexcept;

/// Cuts FRAME, a wire segment for which may_fragment() holds, its checksums computed.
class Fragmenter {
 public:
  /// MTU_BYTES: of each fragment, at least 68. FRAME must outlive this.
  Fragmenter(std::span<const std::byte> frame, const Layers& layers,
             std::uint32_t mtu_bytes) noexcept;

  [[nodiscard]] bool at_end() const noexcept { return done_bytes_ == payload_bytes_; }
  /// Makes the beginning of OUT the next fragment, link header included, and returns its bytes.
  /// OUT has room for an Ethernet header with tags and MTU_BYTES.
  std::size_t next(std::span<std::byte> out) noexcept;

 private:
  std::span<const std::byte> frame_;
  std::size_t ip_offset_;
  std::uint32_t header_bytes_;
  std::uint32_t payload_bytes_;        ///< of the packet, behind its IP header
  std::uint32_t most_fragment_bytes_;  ///< of payload, but for the last fragment
  std::uint32_t done_bytes_ = 0;
};

}  // namespace tunrelay
