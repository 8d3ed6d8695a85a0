// SPDX-License-Identifier: MIT
// The writes of a turn that were submitted to an io_uring and that are not settled yet: what
// they count for, which buffers they hold, and the pieces that the kernel reads them from.
// Fixed room: who finds it full settles first.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "engine/write_outcome.hpp"

namespace tunrelay {

/// Not thread-safe.
class PendingWrites {
 public:
  explicit PendingWrites(std::size_t writes) : most_writes_(writes) {
    writes_.reserve(writes);
    // Mostly a buffer and a piece a write; merged packets have many, so there is some room more.
    buffers_.reserve(writes + kMaxBatch);
    pieces_.reserve(4 * writes + kMaxPieces);
  }

  [[nodiscard]] bool empty() const noexcept { return writes_.empty(); }
  [[nodiscard]] bool has_room_for(const Write& write) const noexcept {
    return writes_.size() < most_writes_ &&
           buffers_.size() + write.buffers.size() <= buffers_.capacity() &&
           pieces_.size() + write.pieces.size() <= pieces_.capacity();
  }

  /// Keeps copies of WRITE's arrays; PIECES is where they stay until settle().
  struct Kept {
    std::uint32_t index = 0;
    std::span<const iovec> pieces;
  };
  Kept add(const Write& write) noexcept {
    const std::size_t first_piece = pieces_.size();
    writes_.push_back({write.endpoint, write.merged, 0, write.tally});
    buffers_.insert(buffers_.end(), write.buffers.begin(), write.buffers.end());
    pieces_.insert(pieces_.end(), write.pieces.begin(), write.pieces.end());
    return {static_cast<std::uint32_t>(writes_.size() - 1),
            {pieces_.data() + first_piece, write.pieces.size()}};
  }
  /// ERROR: the errno of the write that add() gave INDEX.
  void fail(std::uint32_t index, int error) noexcept { writes_[index].error = error; }

  /// The kernel has looked at all of them: gives their buffers back.
  void release_buffers(BufferArena& arena) noexcept {
    for (const BufferId buffer : buffers_) arena.release(buffer);
    buffers_.clear();
  }
  /// All are done, and what failed is known: books them.
  void settle(std::span<WriteOutcome> outcomes, BufferArena& arena) noexcept {
    release_buffers(arena);
    for (const Entry& write : writes_) {
      WriteOutcome& outcome = outcomes[write.endpoint];
      if (write.error == 0)
        outcome.written += write.tally;
      else
        outcome.drop(drop_reason_of_write(write.error), write.tally, write.merged);
    }
    writes_.clear();
    pieces_.clear();
  }

 private:
  struct Entry {
    EndpointIndex endpoint;
    Merged merged;
    int error;
    Tally tally;
  };

  std::size_t most_writes_;
  std::vector<Entry> writes_;
  std::vector<BufferId> buffers_;
  std::vector<iovec> pieces_;
};

}  // namespace tunrelay
