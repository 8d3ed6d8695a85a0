// SPDX-License-Identifier: MIT
// One queue, first in, first out, under a discipline of its own: droptail, drophead, CoDel, PIE,
// RED, or none at all.
#pragma once

#include <memory>

#include "stage/backlog.hpp"
#include "stage/link_queue.hpp"

namespace tunrelay {

class FifoQueue final : public LinkQueue {
 public:
  FifoQueue(const QueueConfig& config, WireSize wire, std::uint64_t seed);

  [[nodiscard]] bool empty() const noexcept override { return runs_.empty(); }
  Tally admit(const Packet& packet, const LinkView& link, StageOutput& output) noexcept override;
  [[nodiscard]] WaitingRun* over_limit(const LinkView& link) noexcept override;
  [[nodiscard]] Departure next(std::int64_t now_ns) noexcept override;
  void took_first() noexcept override;
  void on_idle() noexcept override { discipline_->on_empty(); }

 private:
  bool take_over_same(LinkQueue& former) noexcept override;
  [[nodiscard]] RunPool& pool() noexcept override { return pool_; }
  [[nodiscard]] std::optional<WaitingRun> remove_next(RunPool& pool) noexcept override;
  void keep(const WaitingRun& run) noexcept override;
  QueueVerdict arrive(const Packet& packet, std::uint16_t segment, const LinkView& link) noexcept;
  [[nodiscard]] bool is_full(std::uint32_t frame_bytes, const LinkView& link) const noexcept;

  QueueConfig config_;
  std::unique_ptr<QueueDiscipline> discipline_;
  std::int64_t target_ns_;
  RunPool pool_;
  RunList runs_;
  Backlog backlog_;
  bool is_promised_ = false;  ///< the only segment goes at once, and is not counted
};

}  // namespace tunrelay
