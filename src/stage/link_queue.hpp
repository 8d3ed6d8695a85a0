// SPDX-License-Identifier: MIT
// What waits before a link, in one queue or in many: the interface of the queues that a
// Bottleneck serves, one wire segment after the other in virtual time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "stage/queue_config.hpp"
#include "stage/queue_discipline.hpp"
#include "stage/run_list.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// The link as a packet finds it that comes now.
struct LinkView {
  std::int64_t now_ns = 0;
  std::uint64_t bits_per_s = 0;
  bool takes_at_once = false;  ///< the link is idle and nothing waits
};

/// What is next for the link: the first segment of a run.
struct Departure {
  WaitingRun* run = nullptr;  ///< nothing: nothing waits
  QueueVerdict verdict = QueueVerdict::kTake;
};

/// Used by one thread. Whoever serves it takes the first segment off the run that next() or
/// over_limit() has given, and calls took_first() before anything else.
class LinkQueue {
 public:
  virtual ~LinkQueue() = default;

  [[nodiscard]] virtual bool empty() const noexcept = 0;
  /// Keeps PACKET's wire segments, or drops them. Returns what it kept.
  virtual Tally admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept = 0;
  /// A run whose first segment must be dropped, because more waits than may. Null: none.
  [[nodiscard]] virtual WaitingRun* over_limit(const LinkView& /*link*/) noexcept {
    return nullptr;
  }
  /// For the link that is free at NOW_NS; the segment no longer counts as waiting.
  [[nodiscard]] virtual Departure next(std::int64_t now_ns) noexcept = 0;
  virtual void took_first() noexcept = 0;
  /// Nothing waits, and the link is free.
  virtual void on_idle() noexcept = 0;
  [[nodiscard]] const StageDetails& details() const noexcept { return details_; }
  /// Takes the place of FORMER, before any packet comes: what waits there waits here, also where it
  /// is more than this limit, and what was counted there goes on. From a queue of its class (in
  /// fq_codel: with as many flow queues) it takes the order as it is, and rules whose parameters
  /// are the same go on as they were. From another it takes packets in the order in which they
  /// would have left, so that each flow's stays.
  void take_over(LinkQueue& former) noexcept;

 protected:
  explicit LinkQueue(const StageDetails& kept) : details_(kept) {}

  /// False, and nothing done: FORMER is of another class.
  virtual bool take_over_same(LinkQueue& former) noexcept = 0;
  [[nodiscard]] virtual RunPool& pool() noexcept = 0;
  /// Takes what would leave next off its list, as a whole. Its runs stand in POOL. Nothing: nothing
  /// waits. Only for one that is taken over from: what waits is counted no more.
  [[nodiscard]] virtual std::optional<WaitingRun> remove_next(RunPool& pool) noexcept = 0;
  /// Behind what waits, whatever the limit is; the pool has room.
  virtual void keep(const WaitingRun& run) noexcept = 0;

  StageDetails details_;
};

/// The runs of all lists, which stand in FROM, stand in TO afterwards: in one pool as large as the
/// larger of the two. EACH_LIST(visit) calls visit(list) for all of them.
template <typename EachList>
void take_runs(RunPool& from, RunPool& to, const EachList& each_list) noexcept {
  if (from.capacity() >= to.capacity()) return std::swap(from, to);
  each_list([&](RunList& list) { list.move_runs(from, to); });
}

/// SEED: of its random numbers.
[[nodiscard]] std::unique_ptr<LinkQueue> make_link_queue(const QueueConfig& config, WireSize wire,
                                                         std::uint64_t seed);

/// How many runs a queue of CONFIG can keep: a limit in bytes or time is reached by the smallest
/// packets last. A super-packet is one run.
[[nodiscard]] std::size_t run_capacity(const QueueConfig& config);

/// Why a packet is dropped that a queue, whose runs stand in POOL, does not admit.
[[nodiscard]] inline DropReason full_reason(const RunPool& pool) noexcept {
  return pool.has_room() ? DropReason::kQueueFull : DropReason::kQueueMemoryFull;
}

/// Counts what was done to one wire segment.
inline void count_verdict(StageDetails& details, QueueVerdict verdict) noexcept {
  if (verdict == QueueVerdict::kMark) details.add(StageDetail::kMarked);
  if (verdict == QueueVerdict::kDrop) details.add(StageDetail::kDroppedEarly);
}

}  // namespace tunrelay
