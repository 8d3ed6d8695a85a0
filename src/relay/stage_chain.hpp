// SPDX-License-Identifier: MIT
// Stages one behind the other: what one passes goes to the next in batches, what the last
// passes goes to an exit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stage/stage.hpp"

namespace tunrelay {

/// When queued packets are due, and until when nobody would mind if they came: of one stage, or the
/// earliest of several.
struct Deadline {
  std::int64_t due_ns = Stage::kNoDeadline;
  std::int64_t latest_ns = Stage::kNoDeadline;

  constexpr void join(const Deadline& other) noexcept {
    due_ns = std::min(due_ns, other.due_ns);
    latest_ns = std::min(latest_ns, other.latest_ns);
  }
};

/// One a stage of a chain; null where that stays.
using StageSuccessors = std::vector<std::unique_ptr<Stage>>;

/// Used by one thread.
class StageChain {
 public:
  /// EXIT takes what is left and what is dropped; it must outlive the chain.
  StageChain(std::vector<std::unique_ptr<Stage>> stages, StageOutput& exit);
  ~StageChain();
  StageChain(const StageChain&) = delete;
  StageChain& operator=(const StageChain&) = delete;

  [[nodiscard]] bool empty() const noexcept { return stages_.empty(); }
  /// Takes the packets, and queued ones that are due, through all stages.
  void process(std::span<const Packet> packets, std::int64_t now_ns) noexcept;
  /// Lets out what is queued as if it were due, in the order of its deadlines: for a chain that
  /// gets no more packets. What has no deadline, or comes back from elsewhere, stays.
  void flush(std::int64_t now_ns) noexcept;
  /// Each of SUCCESSORS, one a stage and null where that stays, takes the place of its stage and
  /// what it queues. What stood there is in SUCCESSORS afterwards, for another thread to destroy.
  void change(StageSuccessors& successors, std::int64_t now_ns) noexcept;
  [[nodiscard]] Deadline deadline() const noexcept;  ///< the earliest of its stages
  [[nodiscard]] Tally queued() const noexcept;

 private:
  class Link;  ///< the output of one stage

  /// The stage's packets that are due, and then PACKETS, go through it.
  void enter(std::size_t stage, std::span<const Packet> packets) noexcept;

  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<std::unique_ptr<Link>> links_;
  std::int64_t now_ns_ = 0;  ///< of the turn
};

}  // namespace tunrelay
