// SPDX-License-Identifier: MIT
// What waits before a link, in one queue or in many: the interface of the queues that a
// Bottleneck serves, one wire segment after the other in virtual time.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/ensure.hpp"
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
  [[nodiscard]] virtual const StageDetails& details() const noexcept = 0;
  /// Takes the place of FORMER, of the same class and, in fq_codel, with as many flow queues: what
  /// waits there waits here, in its order, also where it is more than this limit. Rules whose
  /// parameters are the same go on as they were.
  virtual void take_over(LinkQueue& former) noexcept = 0;
};

/// FORMER as what it must be.
template <typename Same>
[[nodiscard]] Same& same_queue(LinkQueue& former) noexcept {
  auto* same = dynamic_cast<Same*>(&former);
  ensure(same != nullptr, "a queue takes over from one of its class");
  return *same;
}

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

/// Whether the queue of NEXT can take over from that of FORMER: LinkQueue::take_over().
[[nodiscard]] bool can_take_over(const QueueConfig& former, const QueueConfig& next) noexcept;

/// How many runs a queue of CONFIG can keep: a limit in bytes or time is reached by the smallest
/// packets last. A super-packet is one run.
[[nodiscard]] std::size_t run_capacity(const QueueConfig& config);

/// Counts what was done to one wire segment.
inline void count_verdict(StageDetails& details, QueueVerdict verdict) noexcept {
  if (verdict == QueueVerdict::kMark) details.add(StageDetail::kMarked);
  if (verdict == QueueVerdict::kDrop) details.add(StageDetail::kDroppedEarly);
}

}  // namespace tunrelay
