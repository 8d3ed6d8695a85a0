// SPDX-License-Identifier: MIT
// An io_uring on one TUN queue, with a multishot read armed, as the uring engine has it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assumptions/tun.hpp"
#include "engine/buffer_arena.hpp"
#include "engine/buffer_ring.hpp"
#include "engine/ring.hpp"

namespace tunrelay::test {

/// Skips (or fails) where this kernel or its policy has no io_uring of the kind we need.
class TunRingTest : public TunTest {
 protected:
  void SetUp() override;
};

struct Completion {
  int result = 0;  ///< bytes, or a negative errno
  bool more = false;
  bool has_buffer = false;
  std::uint8_t number = 0;  ///< of the datagram (see send_udp), where there is a buffer
};

/// tun0 is 192.168.13.1/24, up; whatever is sent to 192.168.13.2 comes out of its one queue.
class TunRing {
 public:
  /// BUFFERS: a power of two.
  explicit TunRing(std::size_t buffers);

  void arm();
  /// What has completed within WAIT_MS; returns as soon as COUNT are there. Buffers are given
  /// back to the kernel only by give_back().
  std::vector<Completion> completions(std::size_t count, std::int64_t wait_ms);
  void give_back();

  /// Sends COUNT datagrams into the device.
  void send(std::size_t count);
  Ring& ring() { return ring_; }
  FileDescriptor& queue() { return queue_; }

 private:
  FileDescriptor queue_;
  FileDescriptor socket_;
  BufferArena arena_;
  Ring ring_;
  BufferRing buffers_;
  std::vector<BufferId> used_;
};

}  // namespace tunrelay::test
