// SPDX-License-Identifier: MIT
// A relay of the module `packet` alone: one thread, plain reads and writes, two devices. For
// tests of that module between real senders and receivers. Needs tunrelay_packet.
#pragma once

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "packet/coalesce.hpp"
#include "packet/describe.hpp"
#include "packet/parse.hpp"
#include "packet/segment_run.hpp"
#include "support/random.hpp"

namespace tunrelay::test {

/// What becomes of a packet between read and write.
enum class Handling : std::uint8_t { kPassOn, kMerge, kCut };

/// Moves packets both ways on a thread of its own until it is destroyed or stopped.
class SmallRelay {
 public:
  /// Queues A_FD and B_FD are non-blocking and have virtio-net headers.
  SmallRelay(int a_fd, int b_fd, LinkLimits limits, Handling handling)
      : fds_{a_fd, b_fd}, limits_(limits), handling_(handling) {
    thread_ = std::thread([this] { run(); });
  }
  ~SmallRelay() { stop(); }
  SmallRelay(const SmallRelay&) = delete;
  SmallRelay& operator=(const SmallRelay&) = delete;

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  // To be read once it is stopped.
  std::size_t passed = 0;  ///< packets read and accepted
  std::size_t merged = 0;  ///< packets that left together with others
  std::size_t cut = 0;     ///< runs written instead of their super-packet
  std::size_t refused_writes = 0;
  std::string refusals;  ///< the packets that parse() refused, as text

 private:
  static constexpr std::size_t kSlotBytes = 70000;

  void run() {
    while (!stopping_) {
      std::array<pollfd, 2> ready{pollfd{fds_[0], POLLIN, 0}, pollfd{fds_[1], POLLIN, 0}};
      if (poll(ready.data(), ready.size(), 10) <= 0) continue;
      // Time for a batch to gather.
      if (handling_ == Handling::kMerge)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      for (std::size_t source = 0; source < 2; ++source)
        if (ready[source].revents != 0) forward(fds_[source], fds_[1 - source]);
    }
  }

  void forward(int source, int target) {
    std::vector<Packet> packets;
    for (std::size_t slot = 0; slot < kMaxBatch; ++slot) {
      std::byte* start = slots_.data() + slot * kSlotBytes;
      const ssize_t length = read(source, start, kSlotBytes);
      if (length <= static_cast<ssize_t>(kVirtioNetHeaderBytes)) break;
      Packet packet;
      packet.header = load_virtio_net_header(start);
      packet.frame = start + kVirtioNetHeaderBytes;
      packet.frame_bytes =
          static_cast<std::uint32_t>(static_cast<std::size_t>(length) - kVirtioNetHeaderBytes);
      if (const auto fault = parse(packet, limits_))
        refusals += std::string(to_string(*fault)) + ": " + describe_packet(packet) + "\n";
      else
        packets.push_back(packet);
    }
    passed += packets.size();
    if (handling_ == Handling::kMerge) return write_merged(packets, target);
    for (const Packet& packet : packets)
      handling_ == Handling::kCut ? write_cut(packet, target) : write_run(packet, target);
  }

  [[nodiscard]] std::string describe_packet(const Packet& packet) const {
    return describe({packet.bytes(), packet.frame_bytes, limits_.type, packet.header, packet.run});
  }

  void write_merged(std::span<const Packet> packets, int target) {
    coalescer_.plan(packets);
    for (const MergeGroup& group : coalescer_.groups()) {
      std::array<iovec, kMaxMergedPieces> pieces;
      write_pieces(std::span{pieces}.first(coalescer_.build(group, slot_, pieces)), target);
      if (group.count > 1) merged += group.count;
    }
  }

  void write_cut(Packet packet, int target) {
    const std::uint32_t segments = packet.segments();
    for (std::uint32_t first = 0; first < segments;) {
      const auto last = static_cast<std::uint16_t>(random_.between(first + 1, segments));
      packet.run = {static_cast<std::uint16_t>(first), last};
      if (!packet.is_whole()) ++cut;
      write_run(packet, target);
      first = last;
    }
  }

  void write_run(const Packet& packet, int target) {
    std::array<iovec, kMaxRunPieces> pieces;
    write_pieces(std::span{pieces}.first(build_run(packet, slot_, pieces)), target);
  }

  void write_pieces(std::span<const iovec> pieces, int target) {
    if (writev(target, pieces.data(), static_cast<int>(pieces.size())) < 0) ++refused_writes;
  }

  std::array<int, 2> fds_;
  LinkLimits limits_;
  Handling handling_;
  std::vector<std::byte> slots_ = std::vector<std::byte>(kMaxBatch * kSlotBytes);
  HeaderSlot slot_;
  Coalescer coalescer_;
  SeededRandom random_{1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tunrelay::test
