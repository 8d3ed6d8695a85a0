// SPDX-License-Identifier: MIT
// The smallest relay there is, between two TUN devices of one network namespace: what it
// proves of routes and of offloads is the kernel's doing.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "os/event_fd.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay::test {

inline constexpr const char* kAddressA = "192.168.13.1";
inline constexpr const char* kAddressB = "192.168.13.2";

/// tun0 (192.168.13.1/24) and tun1 (192.168.13.2/24), up, with all offloads, and a thread that
/// writes to each what it reads from the other, unchanged. No rule or route is added: as the
/// kernel has it by itself, traffic between the two addresses goes over lo.
class Crossing {
 public:
  Crossing();
  ~Crossing();
  Crossing(const Crossing&) = delete;
  Crossing& operator=(const Crossing&) = delete;

  /// Packets that crossed, both ways, since the last call.
  std::uint64_t take_packets();
  /// The largest packet that crossed, in bytes with its virtio-net header.
  [[nodiscard]] std::uint64_t largest_bytes() const { return largest_bytes_; }
  /// How many crossed as super-packets.
  [[nodiscard]] std::uint64_t super_packets() const { return super_packets_; }

 private:
  void relay();
  void drain(int source, int target);

  FileDescriptor a_;
  FileDescriptor b_;
  EventFd stop_;
  std::atomic<std::uint64_t> packets_ = 0;
  std::atomic<std::uint64_t> largest_bytes_ = 0;
  std::atomic<std::uint64_t> super_packets_ = 0;
  std::thread thread_;
};

/// The strategy `policy` for the two addresses, with `ip`. Without GUARDED the tables of what
/// arrives on the devices have no blackhole for the addresses that are nobody's.
void apply_policy_routes(bool guarded = true);

/// Whether COUNT pings from 192.168.13.1 to 192.168.13.2 are all answered.
bool ping_crosses(int count);

}  // namespace tunrelay::test
