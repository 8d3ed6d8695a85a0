// SPDX-License-Identifier: MIT
#include "packet/tcp_options.hpp"

#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

// Option kinds, https://www.iana.org/assignments/tcp-parameters.
constexpr std::uint8_t kEnd = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kMss = 2;
constexpr std::uint8_t kWindowScale = 3;
constexpr std::uint8_t kSackPermitted = 4;
constexpr std::uint8_t kSack = 5;
constexpr std::uint8_t kTimestamps = 8;

/// An option's value of LENGTH bytes.
void read_option(std::uint8_t kind, const std::byte* value, std::size_t length,
                 TcpOptions& options) noexcept {
  constexpr std::size_t kBlockBytes = 8;
  if (kind == kTimestamps && length == 8) {
    options.timestamps = {load_u32(value), load_u32(value + 4)};
  } else if (kind == kSack && length % kBlockBytes == 0 &&
             length <= kBlockBytes * options.sack_blocks.size()) {
    options.sack_block_count = static_cast<std::uint8_t>(length / kBlockBytes);
    for (std::size_t block = 0; block < options.sack_block_count; ++block)
      options.sack_blocks[block] = {load_u32(value + block * kBlockBytes),
                                    load_u32(value + block * kBlockBytes + 4)};
  } else if (kind == kMss && length == 2) {
    options.mss_bytes = load_u16(value);
  } else if (kind == kWindowScale && length == 1) {
    options.window_scale = load_u8(value);
  } else if (kind == kSackPermitted && length == 0) {
    options.sack_permitted = true;
  }
}

}  // namespace

TcpOptions read_tcp_options(std::span<const std::byte> options) noexcept {
  TcpOptions found;
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t kind = load_u8(&options[at]);
    if (kind == kEnd) break;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 2 > options.size()) break;
    const std::size_t length = load_u8(&options[at + 1]);
    if (length < 2 || length > options.size() - at) break;
    read_option(kind, options.data() + at + 2, length - 2, found);
    at += length;
  }
  return found;
}

}  // namespace tunrelay
