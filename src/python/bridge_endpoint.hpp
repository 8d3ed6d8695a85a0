// SPDX-License-Identifier: MIT
// An endpoint of a Python stage as the relay sees it: copies frames into chunks, publishes these,
// and carries out the replies.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "embed/tunrelay/tunnel_abi.h"
#include "python/bridge.h"
#include "python/chunk_pool.hpp"
#include "python/spsc_ring.hpp"

namespace tunrelay::python {

/// A tunrelay_bridge_reply that stays.
struct Reply {
  std::vector<std::uint64_t> decisions;
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint32_t> ends;
  std::int64_t deadline_ns = TUNRELAY_NEVER;
};

class BridgeEndpoint {
 public:
  /// Throws std::bad_alloc.
  BridgeEndpoint(const tunrelay_bridge_stage& stage, const tunrelay_host& host,
                 std::uint32_t number);

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  // The relay's thread.
  void take(std::uint32_t way, tunrelay_frame* const* frames, std::size_t count) noexcept;
  /// Shows what was taken; at once where Python has nothing else of this endpoint left to take.
  /// Whether there is something more to take now.
  bool publish() noexcept;
  void carry_out_replies() noexcept;
  [[nodiscard]] std::int64_t deadline_ns() const noexcept { return deadline_ns_; }

  // The thread that exchanges.
  /// The next chunk, or null.
  [[nodiscard]] tunrelay_bridge_chunk* take_chunk() noexcept;
  /// Waits while the relay has thousands of them to carry out.
  void reply(std::unique_ptr<Reply> reply);
  void give_back(std::uint32_t chunk) noexcept;
  /// Chunks that Python has.
  [[nodiscard]] std::size_t chunks_out() const noexcept { return chunks_out_; }
  [[nodiscard]] bool is_gone() const;

  /// No call of the host from now on. The thread that destroys it.
  void detach();
  /// Lets the relay's thread look at replies and chunks. Any thread.
  void wake();

 private:
  static constexpr std::size_t kMaxReplies = 1024;

  /// A frame that Python decides on, and where its bytes are shown.
  struct Slot {
    tunrelay_frame* frame = nullptr;
    const std::uint8_t* shown = nullptr;
    std::uint32_t length = 0;
  };

  [[nodiscard]] bool show(std::uint32_t way, tunrelay_frame& frame) noexcept;
  void carry_out(const Reply& reply) noexcept;
  void answer(const Reply& reply, std::uint64_t decision) noexcept;
  static void write_back(tunrelay_frame& frame, const std::uint8_t* bytes,
                         std::size_t length) noexcept;

  const tunrelay_bridge_stage& stage_;
  const tunrelay_host* host_;
  const std::uint32_t number_;
  ChunkPool pool_;

  // The relay's thread alone.
  tunrelay_bridge_chunk* open_ = nullptr;  ///< not published yet
  std::uint32_t open_bytes_ = 0;
  bool has_filled_ = false;  ///< chunks since the last publish()
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::int64_t deadline_ns_ = TUNRELAY_NEVER;

  SpscRing<std::uint32_t> filled_{ChunkPool::kChunks};
  std::atomic<bool> keeps_open_ = false;  ///< a chunk waits to be published
  SpscRing<Reply*> replies_{kMaxReplies};
  SpscRing<Reply*> carried_out_{kMaxReplies};

  std::atomic<std::size_t> chunks_out_ = 0;
  mutable std::mutex life_;  ///< of host_
};

}  // namespace tunrelay::python
