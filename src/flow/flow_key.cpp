// SPDX-License-Identifier: MIT
#include "flow/flow_key.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <cstring>
#include <span>

#include "base/ip_address.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

FlowKey::FlowKey(const Packet& packet, Direction direction) noexcept {
  const std::byte* ip = packet.frame + packet.layers.ip_offset;
  const std::byte* transport = packet.frame + packet.layers.transport_offset;
  const std::size_t source = index_of(direction);
  const std::size_t target = 1 - source;
  if (packet.layers.ip_version == 4) {
    words_[2 * source] = load_raw<std::uint32_t>(ip + ipv4::kSource);
    words_[2 * target] = load_raw<std::uint32_t>(ip + ipv4::kDestination);
  } else {
    std::memcpy(&words_[2 * source], ip + ipv6::kSource, 16);
    std::memcpy(&words_[2 * target], ip + ipv6::kDestination, 16);
  }
  words_[4] = std::uint64_t{load_u16(transport + kSourcePort)} << (16 * source) |
              std::uint64_t{load_u16(transport + kDestinationPort)} << (16 * target) |
              std::uint64_t{packet.layers.protocol} << 32U |
              std::uint64_t{packet.layers.ip_version} << 40U;
}

bool FlowKey::is_tcp() const noexcept {
  return protocol() == IPPROTO_TCP;
}

std::string FlowKey::address(std::size_t end) const {
  std::array<std::byte, 16> bytes;
  std::memcpy(bytes.data(), &words_.at(2 * end), sizeof bytes);
  return IpAddress{std::span{bytes}.first(ip_version() == 4 ? 4 : 16)}.to_string();
}

std::string FlowKey::end_text(std::size_t end) const {
  return ip_version() == 4 ? fmt::format("{}:{}", address(end), port(end))
                           : fmt::format("[{}]:{}", address(end), port(end));
}

void FlowKey::publish(const FlowKey& key) noexcept {
  for (std::size_t at = 0; at < words_.size(); ++at)
    __atomic_store_n(&words_[at], key.words_[at], __ATOMIC_RELAXED);
}

FlowKey FlowKey::published() const noexcept {
  FlowKey key;
  for (std::size_t at = 0; at < words_.size(); ++at)
    key.words_[at] = __atomic_load_n(&words_[at], __ATOMIC_RELAXED);
  return key;
}

}  // namespace tunrelay
