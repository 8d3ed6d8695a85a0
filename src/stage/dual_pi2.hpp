// SPDX-License-Identifier: MIT
// DualPI2, RFC 9332: a low-latency queue for packets that are ECT(1) or CE (L4S, RFC 9331), whose
// senders answer each mark a little, and a classic queue for all others; one controller sets the
// chance of both, the classic one squared, so that flows of both kinds get the same rate. Where
// the RFC leaves it open it is Linux 6.17 (net/sched/sch_dualpi2.c): marks and drops at departure,
// a credit scheduler that leaves the classic queue a tenth, a step of 1 ms, drops in overload.
#pragma once

#include <random>

#include "stage/backlog.hpp"
#include "stage/link_queue.hpp"

namespace tunrelay {

class DualPi2 final : public LinkQueue {
 public:
  /// CONFIG has its defaults.
  DualPi2(const QueueConfig& config, WireSize wire, std::uint64_t seed);

  [[nodiscard]] bool empty() const noexcept override {
    return low_latency_.empty() && classic_.empty();
  }
  Tally admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept override;
  [[nodiscard]] Departure next(std::int64_t now_ns) noexcept override;
  void took_first() noexcept override;
  void on_idle() noexcept override;

  /// RFC 9332's p': that of a classic packet is its square.
  [[nodiscard]] double probability() const noexcept { return probability_; }

 private:
  bool take_over_same(LinkQueue& former) noexcept override;
  [[nodiscard]] RunPool& pool() noexcept override { return pool_; }
  [[nodiscard]] std::optional<WaitingRun> remove_next(RunPool& pool) noexcept override;
  void keep(const WaitingRun& run) noexcept override;
  [[nodiscard]] RunList& queue_of(const Packet& packet) noexcept;

  void catch_up(std::int64_t now_ns) noexcept;
  void update(std::int64_t now_ns) noexcept;
  [[nodiscard]] std::int64_t waited_ns(const RunList& queue, std::int64_t now_ns) const noexcept;
  [[nodiscard]] bool roll(double probability) noexcept;
  [[nodiscard]] QueueVerdict classic_verdict(const Packet& packet) noexcept;
  [[nodiscard]] QueueVerdict low_latency_verdict(std::int64_t waited_ns) noexcept;

  QueueConfig config_;
  RunPool pool_;
  RunList low_latency_;
  RunList classic_;
  Backlog backlog_;               ///< of both
  RunList* current_ = &classic_;  ///< whose run was given last
  std::int64_t credit_ = 0;       ///< over 0: the classic queue's turn
  double probability_ = 0;
  std::int64_t last_delay_ns_ = 0;   ///< at the last update
  std::int64_t next_update_ns_ = 0;  ///< 0: no packet yet
  std::mt19937_64 random_;
};

}  // namespace tunrelay
