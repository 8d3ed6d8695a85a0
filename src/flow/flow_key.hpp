// SPDX-License-Identifier: MIT
// Which flow a packet belongs to: protocol, both addresses, both ports. The ends are those of the
// tunnel, not source and destination, so that both directions of a flow have one key.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/direction.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

class FlowKey {
 public:
  FlowKey() = default;
  /// Of a packet that has a TCP or UDP header (payload_offset not 0) and was read in DIRECTION.
  FlowKey(const Packet& packet, Direction direction) noexcept;

  /// IPPROTO_TCP or IPPROTO_UDP.
  [[nodiscard]] std::uint8_t protocol() const noexcept {
    return static_cast<std::uint8_t>(words_[4] >> 32U);
  }
  [[nodiscard]] bool is_tcp() const noexcept;
  [[nodiscard]] std::uint8_t ip_version() const noexcept {
    return static_cast<std::uint8_t>(words_[4] >> 40U);
  }
  /// Of the end that device END (0: a, 1: b) leads to.
  [[nodiscard]] std::uint16_t port(std::size_t end) const noexcept {
    return static_cast<std::uint16_t>(words_[4] >> (16U * end));
  }
  [[nodiscard]] std::string address(std::size_t end) const;
  /// "192.168.13.1:5201", "[fd13::1]:5201".
  [[nodiscard]] std::string end_text(std::size_t end) const;

  /// SEED keeps outsiders from choosing flows that collide.
  [[nodiscard]] std::uint32_t hash(std::uint64_t seed) const noexcept {
    constexpr std::uint64_t kOddMultiplier = 0x9e3779b97f4a7c15;
    std::uint64_t sum = seed;
    for (const std::uint64_t word : words_)
      sum = (std::rotl(sum, 23) ^ word) * kOddMultiplier, sum ^= sum >> 32U;
    return static_cast<std::uint32_t>(sum);
  }

  bool operator==(const FlowKey&) const = default;

  /// For a table that one thread writes and others read: untorn words, in no order.
  void publish(const FlowKey& key) noexcept;
  [[nodiscard]] FlowKey published() const noexcept;

 private:
  /// Address at a, address at b (IPv4: the first 4 bytes of 16), then both ports, the protocol and
  /// the IP version.
  std::array<std::uint64_t, 5> words_{};
};

}  // namespace tunrelay
