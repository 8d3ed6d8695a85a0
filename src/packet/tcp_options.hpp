// SPDX-License-Identifier: MIT
// The options of a TCP header that say how a connection fares: RFC 9293 (MSS), RFC 7323 (window
// scale, time stamps), RFC 2018 and 2883 (SACK).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tunrelay {

struct SackBlock {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct TcpOptions {
  struct Timestamps {
    std::uint32_t value = 0;
    std::uint32_t echo = 0;
  };

  std::optional<std::uint16_t> mss_bytes;
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
  std::optional<Timestamps> timestamps;
  std::uint8_t sack_block_count = 0;
  std::array<SackBlock, 4> sack_blocks;  ///< no more fit into a header
};

/// OPTIONS: what stands between the fixed header and the payload. Safe on any input: options that
/// can't be are skipped, and those behind one whose length can't be are not read.
[[nodiscard]] TcpOptions read_tcp_options(std::span<const std::byte> options) noexcept;

}  // namespace tunrelay
