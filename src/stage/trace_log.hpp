// SPDX-License-Identifier: MIT
// The trace: a line a packet from the reader's view, `read 84 from tun0 queue 0`, with
// protocol and addresses behind it. Workers only copy the first bytes of a packet into a
// bounded queue; a thread of its own writes the lines. What the queue can't take is counted.
#pragma once

#include <concurrentqueue.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

#include "os/output_queue.hpp"
#include "packet/packet.hpp"
#include "sandbox/thread_sandbox.hpp"

namespace tunrelay {

/// One packet as the trace keeps it: a plain value, copied into the queue.
struct TraceRecord {
  static constexpr std::size_t kSnapBytes = 128;  ///< link, IP and TCP headers with options

  std::uint32_t frame_bytes = 0;
  std::uint16_t queue = 0;
  std::uint8_t device = 0;  ///< 0: a, 1: b
  std::uint8_t snapped_bytes = 0;
  VirtioNetHeader header;
  SegmentRun run;
  std::array<std::byte, kSnapBytes> snap;
};

class TraceLog {
 public:
  struct Names {
    std::array<std::string, 2> devices;
    LinkType link_type = LinkType::kIp;
  };

  /// Lines go to OUT until finish() has written the last of them. OUT stays the caller's.
  /// RIGHTS: what the thread that prints gives up.
  TraceLog(Names names, std::FILE* out, const ThreadRights& rights = {});
  ~TraceLog();
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  /// Packets before this call are neither printed nor counted: they are the tunnel's own tests.
  void begin() noexcept { begun_.store(true, std::memory_order_relaxed); }

  /// Any thread; never blocks and never allocates. False, and counted, when the queue is full.
  bool record(const TraceRecord& record) noexcept;

  /// When nobody records any more. A reader who has stopped reading is waited for some seconds.
  void finish() noexcept;

  /// Packets that could not be printed, since they came faster than lines can be written and read.
  [[nodiscard]] std::uint64_t lost() const noexcept {
    return lost_.load(std::memory_order_relaxed);
  }

 private:
  void print_until_stopped();
  std::size_t print_some(OutputQueue& output);
  void lose_rest() noexcept;

  Names names_;
  std::FILE* out_;
  moodycamel::ConcurrentQueue<TraceRecord> queue_;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> begun_{false};
  std::atomic<bool> stopping_{false};
  std::thread printer_;
};

}  // namespace tunrelay
