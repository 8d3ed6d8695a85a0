// Socketpairs in the place of two multi-queue devices, and frames as a TUN gives them.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "relay/relay.hpp"

namespace tunrelay::test {

/// The queues of one device: `near` for the relay, `far` in the place of the kernel.
struct SocketDevice {
  explicit SocketDevice(std::size_t queues) {
    for (std::size_t queue = 0; queue < queues; ++queue) {
      std::array<int, 2> fds{};
      check_system_call(
          ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()),
          "make", "a socketpair");
      near.emplace_back(fds[0]);
      far.emplace_back(fds[1]);
    }
  }

  [[nodiscard]] bool send(std::size_t queue, const std::string& bytes) const {
    return ::send(far[queue].get(), bytes.data(), bytes.size(), 0) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// The next packet, or "" when none came within LIMIT_MS.
  [[nodiscard]] std::string receive(std::size_t queue, int limit_ms = 2000) const {
    timeval limit{.tv_sec = limit_ms / 1000, .tv_usec = limit_ms % 1000 * 1000};
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(far[queue].get(), &readable);
    if (::select(far[queue].get() + 1, &readable, nullptr, nullptr, &limit) <= 0) return "";
    std::vector<char> buffer(1 << 17);
    const ssize_t length = ::recv(far[queue].get(), buffer.data(), buffer.size(), 0);
    return length <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(length));
  }

  std::vector<FileDescriptor> near;
  std::vector<FileDescriptor> far;
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
  for (std::size_t queue = 0; queue < a.near.size(); ++queue)
    config.queue_pairs.push_back({a.near[queue].get(), b.near[queue].get()});
  return config;
}

}  // namespace tunrelay::test
