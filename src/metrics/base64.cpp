// SPDX-License-Identifier: MIT
#include "metrics/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tunrelay {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t digit = 0; digit < kAlphabet.size(); ++digit)
    digits.at(static_cast<unsigned char>(kAlphabet[digit])) = static_cast<std::uint8_t>(digit);
  return digits;
}();

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t place = 0; place < 3; ++place)
      bits = bits << 8U | (place < group.size() ? static_cast<unsigned char>(group[place]) : 0U);
    for (std::size_t place = 0; place < 4; ++place)
      text += place <= group.size() ? kAlphabet[bits >> (18 - 6 * place) & 0x3fU] : '=';
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t digits = text.size();
  while (digits != 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;

  std::string bytes;
  bytes.reserve(digits / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits that make no whole byte yet
  for (const char character : text.substr(0, digits)) {
    const std::uint8_t digit = kDigits.at(static_cast<unsigned char>(character));
    if (digit == kNoDigit) return std::nullopt;
    bits = (bits << 6U | digit) & 0xffffU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(static_cast<unsigned char>(bits >> held));
  }
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace tunrelay
