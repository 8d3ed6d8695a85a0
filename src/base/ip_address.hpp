// SPDX-License-Identifier: MIT
// An IPv4 or IPv6 address, and an address with a prefix length, as plain values.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tunrelay {

/// The numbers are those of the version nibble of an IP header.
enum class IpFamily : std::uint8_t { kIpv4 = 4, kIpv6 = 6 };

class IpAddress {
 public:
  IpAddress() = default;  ///< 0.0.0.0
  /// BYTES in network order: 4 or 16 of them.
  explicit IpAddress(std::span<const std::byte> bytes);

  /// Throws a usage Error that quotes TEXT.
  static IpAddress parse(std::string_view text);

  [[nodiscard]] IpFamily family() const noexcept { return family_; }
  [[nodiscard]] bool is_ipv4() const noexcept { return family_ == IpFamily::kIpv4; }
  /// AF_INET or AF_INET6.
  [[nodiscard]] int address_family() const noexcept;
  /// 4 or 16 bytes in network order.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {bytes_.data(), is_ipv4() ? 4U : 16U};
  }
  /// 32 or 128.
  [[nodiscard]] int bits() const noexcept { return is_ipv4() ? 32 : 128; }
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::kIpv4;
  std::array<std::byte, 16> bytes_{};
};

struct IpPrefix {
  IpAddress address;  ///< as written; the bits behind the prefix are kept
  int length = 0;

  /// "192.168.13.1/24"; without a length, the whole address. Throws a usage Error.
  static IpPrefix parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& other) const noexcept;
  /// Whether the two share an address.
  [[nodiscard]] bool overlaps(const IpPrefix& other) const noexcept;
  /// The prefix with the bits behind it cleared.
  [[nodiscard]] IpPrefix network() const noexcept;
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const IpPrefix&) const = default;
};

}  // namespace tunrelay
