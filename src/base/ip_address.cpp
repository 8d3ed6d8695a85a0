// SPDX-License-Identifier: MIT
#include "base/ip_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/ensure.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

/// Whether the first LENGTH bits are the same.
bool same_bits(std::span<const std::byte> left, std::span<const std::byte> right, int length) {
  const auto whole = static_cast<std::size_t>(length / 8);
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin()))
    return false;
  const int rest = length % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::byte>(0xff << (8 - rest));
  return (left[whole] & mask) == (right[whole] & mask);
}

}  // namespace

IpAddress::IpAddress(std::span<const std::byte> bytes)
    : family_(bytes.size() == 4 ? IpFamily::kIpv4 : IpFamily::kIpv6) {
  ensure(bytes.size() == 4 || bytes.size() == 16, "an IP address has 4 or 16 bytes");
  std::memcpy(bytes_.data(), bytes.data(), bytes.size());
}

IpAddress IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  std::array<std::byte, 16> bytes{};
  if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1)
    return IpAddress(std::span(bytes).first(4));
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return IpAddress(bytes);
  throw_usage_error("read the address", fmt::format("'{}'", text),
                    "it is neither an IPv4 nor an IPv6 address",
                    "write for example 192.168.13.1 or fd13::1");
}

int IpAddress::address_family() const noexcept {
  return is_ipv4() ? AF_INET : AF_INET6;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address_family(), bytes_.data(), text.data(), text.size());
  return text.data();
}

IpPrefix IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const IpAddress address = IpAddress::parse(text.substr(0, slash));
  if (slash == std::string_view::npos) return {address, address.bits()};
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length < 0 ||
      length > address.bits())
    throw_usage_error("read the prefix length of", fmt::format("'{}'", text),
                      fmt::format("it is not a number from 0 to {}", address.bits()));
  return {address, length};
}

bool IpPrefix::contains(const IpAddress& other) const noexcept {
  return other.family() == address.family() && same_bits(address.bytes(), other.bytes(), length);
}

bool IpPrefix::overlaps(const IpPrefix& other) const noexcept {
  return address.family() == other.address.family() &&
         same_bits(address.bytes(), other.address.bytes(), std::min(length, other.length));
}

IpPrefix IpPrefix::network() const noexcept {
  std::array<std::byte, 16> bytes{};
  const auto source = address.bytes();
  for (std::size_t at = 0; at < source.size(); ++at) {
    const int kept = std::clamp(length - static_cast<int>(at) * 8, 0, 8);
    bytes.at(at) = source[at] & static_cast<std::byte>(0xff << (8 - kept));
  }
  return {IpAddress(std::span(bytes).first(source.size())), length};
}

std::string IpPrefix::to_string() const {
  return fmt::format("{}/{}", address.to_string(), length);
}

}  // namespace tunrelay
