// SPDX-License-Identifier: MIT
// FQ-CoDel, RFC 8290: a queue for each flow, each under a CoDel of its own, served in turn by
// deficit round robin; a flow that begins, or sends little, goes first. Wire segments are what is
// counted and scheduled: a super-packet waits whole and leaves a segment at a time. Where the RFC
// leaves it open it is Linux (net/sched/sch_fq_codel.c), but for one thing: a flow's CoDel looks
// at what waits in that flow, as RFC 8289 has it, and not in all.
#pragma once

#include <vector>

#include "stage/backlog.hpp"
#include "stage/codel.hpp"
#include "stage/link_queue.hpp"

namespace tunrelay {

class FqCodel final : public LinkQueue {
 public:
  /// CONFIG has its defaults. SEED: of the hash that flows are spread by.
  FqCodel(const QueueConfig& config, WireSize wire, std::uint64_t seed);

  [[nodiscard]] bool empty() const noexcept override { return backlog_.packets() == 0; }
  Tally admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept override;
  [[nodiscard]] WaitingRun* over_limit(const LinkView& link) noexcept override;
  [[nodiscard]] Departure next(std::int64_t now_ns) noexcept override;
  void took_first() noexcept override;
  void on_idle() noexcept override;

  /// Which of the flow queues PACKET waits in, from 0.
  [[nodiscard]] std::uint32_t flow_of(const Packet& packet) const noexcept;

 private:
  /// Flows stay in their queues: they are spread as FORMER did.
  bool take_over_same(LinkQueue& former) noexcept override;
  [[nodiscard]] RunPool& pool() noexcept override { return pool_; }
  [[nodiscard]] std::optional<WaitingRun> remove_next(RunPool& pool) noexcept override;
  void keep(const WaitingRun& run) noexcept override;

  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Flow {
    Flow(std::int64_t target_ns, std::int64_t interval_ns) : codel(target_ns, interval_ns) {}

    RunList runs;
    Codel codel;
    std::int64_t deficit_bytes = 0;
    std::uint32_t next = kNone;  ///< behind it in its list
    bool is_listed = false;
  };
  /// Flows in the order in which they are served.
  struct FlowList {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;  ///< nothing when it is empty
  };

  void push(FlowList& list, std::uint32_t flow) noexcept;
  void pop(FlowList& list) noexcept;
  [[nodiscard]] std::uint32_t next_flow() noexcept;
  [[nodiscard]] WaitingRun& count_out_first(std::uint32_t flow) noexcept;

  QueueConfig config_;
  std::uint64_t seed_;
  RunPool pool_;
  std::vector<Flow> flows_;
  std::vector<std::uint64_t> backlogs_;  ///< frame bytes of each flow; apart, to be searched
  Backlog backlog_;                      ///< of all flows
  FlowList new_flows_;
  FlowList old_flows_;
  std::uint32_t current_ = 0;  ///< the flow whose run was given last
  std::uint32_t fattest_ = 0;  ///< the flow that more is dropped of
  std::uint32_t drops_left_ = 0;
  std::uint64_t drop_until_bytes_ = 0;  ///< of the fattest flow's backlog
};

}  // namespace tunrelay
