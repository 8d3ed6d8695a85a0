// SPDX-License-Identifier: MIT
// Encoded histograms of any content, sound or not, for the tests of what reads them. Needs the
// module measure, which this library does not link.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/base64.hpp"
#include "metrics/zlib_stream.hpp"

namespace tunrelay::test {

inline constexpr std::uint32_t kHdrCookie = 0x1c849313;
inline constexpr std::uint32_t kHdrCompressedCookie = 0x1c849314;

template <std::unsigned_integral Number>
std::string big_endian(Number number) {
  std::string bytes(sizeof number, '\0');
  for (std::size_t at = bytes.size(); at-- != 0; number >>= 8U)
    bytes[at] = static_cast<char>(static_cast<unsigned char>(number));
  return bytes;
}

/// Compresses BYTES and wraps them as an encoded histogram is.
inline std::string hdr_text(std::string_view bytes, std::uint32_t cookie = kHdrCompressedCookie) {
  const std::string stream = zlib_compress(bytes);
  return base64_encode(big_endian(cookie) + big_endian(static_cast<std::uint32_t>(stream.size())) +
                       stream);
}

/// What stands before the payload. The defaults are those of our own histograms.
struct HdrHeader {
  std::uint32_t cookie = kHdrCookie;
  std::uint32_t payload_bytes = 0;
  std::uint32_t index_offset = 0;
  std::uint32_t digits = 3;
  std::uint64_t lowest = 1;
  std::uint64_t highest = 100'000'000'000;
  double ratio = 1;

  [[nodiscard]] std::string bytes() const {
    return big_endian(cookie) + big_endian(payload_bytes) + big_endian(index_offset) +
           big_endian(digits) + big_endian(lowest) + big_endian(highest) +
           big_endian(std::bit_cast<std::uint64_t>(ratio));
  }
};

/// HEADER gets the length of PAYLOAD.
inline std::string hdr_text(HdrHeader header, std::string_view payload) {
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  return hdr_text(header.bytes() + std::string(payload));
}

}  // namespace tunrelay::test
