// SPDX-License-Identifier: MIT
#include "assumptions/crossing.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "assumptions/tun.hpp"
#include "base/error.hpp"
#include "device/offload.hpp"
#include "packet/virtio_net_header.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

constexpr std::size_t kMaxPacket = kVirtioNetHeaderBytes + 65535;

FileDescriptor open_end(const std::string& name, const std::string& address) {
  FileDescriptor queue = open_tun(name, IFF_VNET_HDR);
  enable_best_offloads(queue.get());
  ip("address add " + address + "/24 dev " + name);
  ip("link set " + name + " txqueuelen 4096 up");
  return queue;
}

}  // namespace

Crossing::Crossing()
    : a_(open_end("tun0", kAddressA)),
      b_(open_end("tun1", kAddressB)),
      thread_([this] { relay(); }) {}

Crossing::~Crossing() {
  stop_.signal();
  thread_.join();
}

std::uint64_t Crossing::take_packets() {
  return packets_.exchange(0);
}

void Crossing::relay() {
  std::array<pollfd, 3> waits{{{.fd = a_.get(), .events = POLLIN, .revents = 0},
                               {.fd = b_.get(), .events = POLLIN, .revents = 0},
                               {.fd = stop_.fd(), .events = POLLIN, .revents = 0}}};
  for (;;) {
    ::poll(waits.data(), waits.size(), -1);
    if ((waits[2].revents & POLLIN) != 0) return;
    drain(a_.get(), b_.get());
    drain(b_.get(), a_.get());
  }
}

void Crossing::drain(int source, int target) {
  std::vector<std::byte> packet(kMaxPacket);
  for (;;) {
    const ssize_t length = ::read(source, packet.data(), packet.size());
    if (length <= 0) return;
    const auto bytes = static_cast<std::uint64_t>(length);
    if (bytes > largest_bytes_) largest_bytes_ = bytes;
    if (load_virtio_net_header(packet.data()).is_gso()) ++super_packets_;
    // Counted before it is written: whoever sees the answer sees the count.
    ++packets_;
    [[maybe_unused]] const ssize_t written = ::write(target, packet.data(), bytes);
  }
}

void apply_policy_routes(bool guarded) {
  const std::string a = kAddressA;
  const std::string b = kAddressB;
  ip("route add local " + a + " dev tun0 table 131");
  ip("route add local " + b + " dev tun1 table 131");
  if (guarded) ip("route add blackhole default table 131");
  ip("route add " + b + " dev tun0 src " + a + " table 132");
  ip("route add " + a + " dev tun1 src " + b + " table 132");
  ip("rule add pref 10 iif tun0 lookup 131");
  ip("rule add pref 10 iif tun1 lookup 131");
  ip("rule add pref 11 iif lo to " + a + " lookup 132");
  ip("rule add pref 11 iif lo to " + b + " lookup 132");
  // The new one first: in between there would be no local address at all.
  ip("rule add pref 100 lookup local");
  ip("rule del pref 0");
}

bool ping_crosses(int count) {
  return run({"ping", "-q", "-c", std::to_string(count), "-i", "0.01", "-W", "1", "-I", kAddressA,
              kAddressB})
      .succeeded();
}

}  // namespace tunrelay::test
