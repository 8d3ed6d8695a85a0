// SPDX-License-Identifier: MIT
// Socketpairs in the place of two multi-queue devices, and frames as a TUN gives them.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "relay/relay.hpp"
#include "support/endpoint_pair.hpp"

namespace tunrelay::test {

/// The queues of one device.
struct SocketDevice {
  explicit SocketDevice(std::size_t queue_count) : queues(queue_count) {}

  [[nodiscard]] bool send(std::size_t queue, const std::string& bytes) const {
    return queues[queue].send(bytes);
  }
  /// The next packet, or "" when none came within LIMIT_MS.
  [[nodiscard]] std::string receive(std::size_t queue, int limit_ms = 2000) const {
    return queues[queue].receive(limit_ms);
  }

  std::vector<EndpointPair> queues;
};

/// An IPv4 UDP packet with a virtio-net header before it, checksums left at zero.
inline std::string udp_frame(const std::string& payload) {
  std::string frame(10 + 28, '\0');
  const auto put16 = [&frame](std::size_t at, std::size_t value) {
    const std::uint16_t word = htons(static_cast<std::uint16_t>(value));
    std::memcpy(frame.data() + at, &word, sizeof word);
  };
  frame[10] = 0x45;
  put16(12, 28 + payload.size());
  frame[18] = 64;
  frame[19] = 17;
  std::memcpy(frame.data() + 22, "\xc0\xa8\x0d\x01\xc0\xa8\x0d\x02", 8);
  put16(30, 4000);
  put16(32, 5000);
  put16(34, 8 + payload.size());
  return frame + payload;
}

inline RelayConfig socket_relay(const SocketDevice& a, const SocketDevice& b, EngineKind engine) {
  RelayConfig config;
  config.engine.kind = engine;
  for (std::size_t queue = 0; queue < a.queues.size(); ++queue)
    config.queue_pairs.push_back({a.queues[queue].near.get(), b.queues[queue].near.get()});
  return config;
}

}  // namespace tunrelay::test
