// SPDX-License-Identifier: MIT
// The plainest relay that works: poll, read a packet, write it on. It is the yardstick of
// tools/compare-peers, so it has nothing that the relay proper has: no ring, no threads, no
// accounts. Not installed, and not meant for use.
//
//   plain_loop NAME_A NAME_B [--offload] [--batch N]
//
// Makes two TUN interfaces and prints "ready"; who started it sets them up, and ends it by a
// signal. With --batch up to N packets are read before they are written; 1 without.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "device/device.hpp"

namespace tunrelay::bench {
namespace {

// 64 KiB and the virtio-net header.
constexpr std::size_t kBufferBytes = 1 << 17;

struct Buffer {
  std::vector<std::byte> bytes = std::vector<std::byte>(kBufferBytes);
  std::size_t length = 0;
};

/// As many packets as there are buffers, fewer where the source has no more.
std::size_t read_batch(int source, std::vector<Buffer>& buffers) {
  std::size_t count = 0;
  for (Buffer& buffer : buffers) {
    const ssize_t length = ::read(source, buffer.bytes.data(), buffer.bytes.size());
    if (length <= 0) break;
    buffer.length = static_cast<std::size_t>(length);
    ++count;
  }
  return count;
}

/// Until the source is empty. A packet that the target does not take is lost, as on a wire.
void pass_on(int source, int target, std::vector<Buffer>& buffers) {
  while (const std::size_t count = read_batch(source, buffers))
    for (std::size_t at = 0; at < count; ++at)
      [[maybe_unused]] const ssize_t written =
          ::write(target, buffers[at].bytes.data(), buffers[at].length);
}

int relay(const std::string& name_a, const std::string& name_b, bool offload, std::size_t batch) {
  const Device a = Device::open({.name = name_a, .offload = offload});
  const Device b = Device::open({.name = name_b, .offload = offload});
  std::puts("ready");
  std::fflush(stdout);
  std::vector<Buffer> buffers(batch);
  std::array<pollfd, 2> waits{{{.fd = a.queue_fd(0), .events = POLLIN, .revents = 0},
                               {.fd = b.queue_fd(0), .events = POLLIN, .revents = 0}}};
  for (;;) {
    ::poll(waits.data(), waits.size(), -1);
    if (((waits[0].revents | waits[1].revents) & (POLLERR | POLLNVAL)) != 0) return 1;
    if (waits[0].revents != 0) pass_on(waits[0].fd, waits[1].fd, buffers);
    if (waits[1].revents != 0) pass_on(waits[1].fd, waits[0].fd, buffers);
  }
}

}  // namespace
}  // namespace tunrelay::bench

int main(int argc, char** argv) try {
  CLI::App app{"The plainest relay that works, as a yardstick"};
  std::string name_a;
  std::string name_b;
  bool offload = false;
  std::size_t batch = 1;
  app.add_option("name_a", name_a)->required();
  app.add_option("name_b", name_b)->required();
  app.add_flag("--offload", offload, "virtio-net headers and super-packets");
  app.add_option("--batch", batch, "packets read before they are written")
      ->check(CLI::Range(1, 1024));
  CLI11_PARSE(app, argc, argv);
  return tunrelay::bench::relay(name_a, name_b, offload, batch);
} catch (const std::exception& error) {
  std::fprintf(stderr, "plain_loop: %s\n", error.what());
  return 1;
}
