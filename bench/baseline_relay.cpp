// SPDX-License-Identifier: MIT
// The plainest relay that works: poll, read a packet, write it on. It is the yardstick of
// tools/compare-peers, so it has nothing that the relay proper has: no batch, no ring, no
// threads, no accounts. Not installed, and not meant for use.
//
//   baseline_relay NAME_A NAME_B [--offload]
//
// Makes two TUN interfaces and prints "ready"; who started it sets them up, and ends it by a
// signal.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

#include "device/device.hpp"

namespace tunrelay::bench {
namespace {

// 64 KiB and the virtio-net header.
constexpr std::size_t kBufferBytes = 1 << 17;

/// Until the source is empty. A packet that the target does not take is lost, as on a wire.
void pass_on(int source, int target, std::vector<std::byte>& buffer) {
  for (;;) {
    const ssize_t length = ::read(source, buffer.data(), buffer.size());
    if (length <= 0) return;
    [[maybe_unused]] const ssize_t written =
        ::write(target, buffer.data(), static_cast<std::size_t>(length));
  }
}

int relay(const char* name_a, const char* name_b, bool offload) {
  const Device a = Device::open({.name = name_a, .offload = offload});
  const Device b = Device::open({.name = name_b, .offload = offload});
  std::puts("ready");
  std::fflush(stdout);
  std::vector<std::byte> buffer(kBufferBytes);
  std::array<pollfd, 2> waits{{{.fd = a.queue_fd(0), .events = POLLIN, .revents = 0},
                               {.fd = b.queue_fd(0), .events = POLLIN, .revents = 0}}};
  for (;;) {
    ::poll(waits.data(), waits.size(), -1);
    if (((waits[0].revents | waits[1].revents) & (POLLERR | POLLNVAL)) != 0) return 1;
    if (waits[0].revents != 0) pass_on(waits[0].fd, waits[1].fd, buffer);
    if (waits[1].revents != 0) pass_on(waits[1].fd, waits[0].fd, buffer);
  }
}

}  // namespace
}  // namespace tunrelay::bench

int main(int argc, char** argv) try {
  const bool offload = argc == 4 && std::strcmp(argv[3], "--offload") == 0;
  if (argc != 3 && !offload) {
    std::fputs("usage: baseline_relay NAME_A NAME_B [--offload]\n", stderr);
    return 2;
  }
  return tunrelay::bench::relay(argv[1], argv[2], offload);
} catch (const std::exception& error) {
  std::fprintf(stderr, "baseline_relay: %s\n", error.what());
  return 1;
}
